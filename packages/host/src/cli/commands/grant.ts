import { CadreError, exactText } from '@cadre/core/history';
import { parseDuration } from '@cadre/kit/format';
import type { Records } from '../../app.ts';
import type { Grant } from '../../ports/grant-store.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printTable } from '../show/table.ts';
import { withApp, withRecords } from '../with-app.ts';

export const listGrants: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const grants = await records.grants.list(records.clock.now());
    invocation.output.document({ grants: grants.map(shown) });
    if (grants.length === 0) invocation.output.line('No grants: workers have what policy allows.');
    const rows = grants.map((grant) => [
      grant.id,
      grant.worker,
      grant.decision,
      exactText(grant.permission),
      scopeOf(grant),
      expiryOf(grant),
      grant.principal,
    ]);
    const head = ['grant', 'worker', 'decision?', 'permission', 'for?', 'expires?', 'whose?'];
    printTable(head, rows, invocation.output);
    return EXIT.ok;
  });

export const showGrant: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const grant = await findGrant(records, invocation.arguments[0] ?? '');
    const { output } = invocation;
    output.document({ grant: shown(grant) });
    const lines: readonly (readonly [string, string])[] = [
      ['decision', grant.decision],
      ['permission', grant.permission],
      ['worker', `${grant.worker} ${grant.versions}`],
      ['manifest', grant.manifestHash],
      ['whose runs', grant.principal],
      ['for', scopeOf(grant)],
      ['given by', `${grant.grantedBy}, ${new Date(grant.grantedAt).toISOString()}`],
      ['expires', expiryOf(grant)],
    ];
    output.line(output.colours.bold(grant.id));
    for (const [name, value] of lines) output.line(`  ${name.padEnd(11)} ${exactText(value)}`);
    output.line(output.colours.dim(`  take it back: cadre grant revoke ${grant.id}`));
    return EXIT.ok;
  });

export const addGrant: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [wanted = '', text = ''] = invocation.arguments;
    const [worker = '', version] = wanted.split('@');
    const { formatPermission, parsePermission } = await import('@cadre/core');
    const parsed = parsePermission(text);
    if (!parsed.ok) throw usageError(parsed.message, parsed.suggestion);
    const permission = formatPermission(parsed.permission);
    const versions = app.workers.list().filter(({ manifest }) => manifest.id === worker);
    const installed = versions.find(({ manifest }) => version === undefined || manifest.version === version);
    if (installed === undefined) {
      throw new CadreError('not_found', `there is no worker "${wanted}"`, { hint: 'cadre worker list' });
    }
    const { expires, for: principal = app.principal, everywhere, run } = invocation.options;
    if (everywhere === true && run !== undefined) {
      throw usageError(
        'a grant is for one run or for every workspace, not for both',
        'leave one of them out',
      );
    }
    if (everywhere === true && app.originOf(installed) === 'workspace') {
      throw usageError(
        `${worker} came with this repository: another one could bring other code under this name`,
        `cadre grant add ${wanted} ${text}, without --everywhere`,
      );
    }
    const now = app.clock.now();
    const grant: Grant = {
      id: app.clock.newId('grant'),
      principal: String(principal),
      worker,
      versions: `^${installed.manifest.version}`,
      manifestHash: installed.hash,
      permission,
      decision: 'allow',
      ...(typeof run === 'string' ? { run: await resolveRun(app, run) } : {}),
      ...(everywhere === true ? { everywhere: true as const } : {}),
      grantedBy: app.principal,
      grantedAt: now,
      ...(typeof expires === 'string' ? { expiresAt: now + parseDuration(expires) } : {}),
    };
    await app.grants.put(grant);
    await note(app, 'add', grant);
    invocation.output.document({ grant: shown(grant) });
    // Where there are several, the others were given nothing.
    const named = versions.length > 1 ? `${worker} ${installed.manifest.version}` : worker;
    invocation.output.line(
      `${named} may ${exactText(permission)}, ${WHERE[scopeOf(grant)] ?? `for ${scopeOf(grant)}`}; take it back: cadre grant revoke ${grant.id}`,
    );
    return EXIT.ok;
  });

export const revokeGrant: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const grant = await findGrant(records, invocation.arguments[0] ?? '');
    if (!(await records.grants.revoke(grant.id))) throw noGrant(grant.id);
    await note(records, 'revoke', grant);
    invocation.output.document({ revoked: grant.id });
    invocation.output.line(`revoked ${grant.id}: from the next call on, also of a run under way`);
    return EXIT.ok;
  });

const WHERE: Readonly<Record<string, string>> = {
  workspace: 'in this workspace',
  everywhere: 'in all workspaces of this person on this machine',
};

async function findGrant({ grants, clock }: Records, id: string): Promise<Grant> {
  const found = (await grants.list(clock.now())).find((one) => one.id === id);
  if (found === undefined) throw noGrant(id);
  return found;
}

function noGrant(id: string): CadreError {
  return new CadreError('not_found', `there is no grant ${id}`, { hint: 'cadre grant list' });
}

/** The run, or how far else it reaches. */
function scopeOf({ run, everywhere }: Grant): string {
  return run ?? (everywhere === true ? 'everywhere' : 'workspace');
}

function shown(grant: Grant) {
  return { ...grant, scope: grant.run === undefined ? scopeOf(grant) : 'run' };
}

function expiryOf({ expiresAt }: Grant): string {
  return expiresAt === undefined ? 'until revoked' : new Date(expiresAt).toISOString();
}

function note(
  { audit, clock, principal }: Records,
  operation: 'add' | 'revoke',
  grant: Grant,
): Promise<unknown> {
  return audit.append({
    at: clock.now(),
    principal,
    worker: 'cadre',
    action: 'grant',
    operation,
    permission: grant.permission,
    target: `${grant.worker} ${grant.versions}`,
    decision: 'allowed',
    rule: 'asked for at the command line',
    grant: grant.id,
    outcome: 'succeeded',
    details: { principal: grant.principal, scope: scopeOf(grant), decision: grant.decision },
  });
}
