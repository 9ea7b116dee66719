import { diskFree } from '@cadre/kit/files';
import { bytes } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { detectTools } from '../run/detect-tools.ts';
import { paint } from '../show/report.ts';
import { withApp } from '../with-app.ts';

interface Check {
  readonly what: string;
  readonly state: 'ok' | 'warning' | 'missing';
  readonly detail: string;
  readonly hint?: string;
}

const MARK = { ok: ['✓', 'green'], warning: ['!', 'yellow'], missing: ['✗', 'red'] } as const;
const LITTLE_DISK_BYTES = 1024 ** 3;

/** Tries each thing that Cadre needs and says what is missing, why it matters and how to get it. */
export const doctor: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const checks = [
      nodeCheck(),
      await sandboxCheck(app),
      await storeCheck(app),
      await diskCheck(app),
      await gitCheck(app),
      ...(await toolChecks(app)),
      ...(await leaseChecks(app)),
      ...(await failureChecks(app)),
    ];
    output.document({ workspace: app.place.root, data: app.dataDir, checks });
    output.line(`${output.colours.bold(app.place.root)}  ${output.colours.dim(`data in ${app.dataDir}`)}\n`);
    const width = Math.max(...checks.map((check) => check.what.length));
    for (const { what, state, detail, hint } of checks) {
      const [mark, colour] = MARK[state];
      output.line(`${paint(mark, colour, output.colours)} ${what.padEnd(width)}  ${detail}`);
      if (hint !== undefined && state !== 'ok')
        output.line(output.colours.dim(`  ${' '.repeat(width)}  ${hint}`));
    }
    return checks.some((check) => check.state === 'missing') ? EXIT.missing : EXIT.ok;
  });

function nodeCheck(): Check {
  return { what: 'Node.js', state: 'ok', detail: `${process.version}, needed: 24 or newer` };
}

async function sandboxCheck(app: App): Promise<Check> {
  const report = await app.sandbox.probe();
  const state = report.level === 'enforced' ? 'ok' : 'warning';
  const detail = [`${report.level} by ${report.mechanism}`, ...report.missing].join('; ');
  return { what: 'sandbox', state, detail, ...(report.hint === undefined ? {} : { hint: report.hint }) };
}

async function storeCheck(app: App): Promise<Check> {
  const result = await app.verifyAudit();
  if (!result.ok)
    return { what: 'audit', state: 'missing', detail: result.message, hint: 'cadre audit verify' };
  return { what: 'audit', state: 'ok', detail: `${result.records} records, one unbroken chain` };
}

async function diskCheck(app: App): Promise<Check> {
  const { free } = await diskFree(app.dataDir);
  const state = free < LITTLE_DISK_BYTES ? 'warning' : 'ok';
  return {
    what: 'disk',
    state,
    detail: `${bytes(free)} free`,
    hint: 'make room: backups and journals are kept there',
  };
}

async function gitCheck(app: App): Promise<Check> {
  const outcome = await app.call('git/status', {});
  if (!outcome.ok) {
    const { message, hint } = outcome.failure;
    return { what: 'git', state: 'warning', detail: message, ...(hint === undefined ? {} : { hint }) };
  }
  const { branch, entries } = outcome.output as unknown as {
    branch?: string | null;
    entries: readonly unknown[];
  };
  return {
    what: 'git',
    state: 'ok',
    detail: `on ${branch ?? 'no branch'}, ${entries.length} paths not committed`,
  };
}

/** What this repository wants to be formatted, linted and tested with. */
async function toolChecks(app: App): Promise<Check[]> {
  const found = await detectTools(app);
  return found.map(({ name, folder, installed, version, reason, install }) => ({
    what: folder === '.' ? name : `${name} in ${folder}`,
    state: installed ? ('ok' as const) : ('warning' as const),
    detail: installed ? [version, reason].filter(Boolean).join('; ') : `wanted (${reason}) and not installed`,
    ...(install === undefined ? {} : { hint: install }),
  }));
}

async function leaseChecks(app: App): Promise<Check[]> {
  const leases = await app.leases.list();
  return leases
    .filter((lease) => lease.expires > app.clock.now())
    .map((lease) => ({
      what: `lease ${lease.name}`,
      state: app.isDead(lease) ? ('warning' as const) : ('ok' as const),
      detail: `held by process ${lease.pid} on ${lease.host}`,
      hint: 'its holder is gone: it is taken over by the next run',
    }));
}

async function failureChecks(app: App): Promise<Check[]> {
  const { runs } = await app.engine.list({ status: ['failed', 'timed_out'], mode: 'apply', limit: 3 });
  return runs.map((run) => ({
    what: 'last failures',
    state: 'warning' as const,
    detail: `${run.id} ${run.workflow}: ${run.failureCode ?? run.status}`,
    hint: `cadre show ${run.id}`,
  }));
}
