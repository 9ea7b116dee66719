import {
  CadreError,
  exactText,
  globCovers,
  nameAmongVersions,
  type Step,
  splitHost,
  type Workflow,
  walkSteps,
} from '@cadre/core';
import type { App } from '../../app.ts';
import type { AuditEntry } from '../../ports/audit-store.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { stepCallers } from '../run/lacking-grants.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { paint } from '../show/report.ts';
import { printTable } from '../show/table.ts';
import { printWhyHere } from '../show/why-here.ts';
import { withApp } from '../with-app.ts';

const PAGE = 1_000;
const COLOURS = { allowed: 'green', denied: 'red', asked: 'yellow', partly: 'yellow' } as const;

export const whyWorker: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output, options } = invocation;
    if (!(invocation.arguments[0] ?? '').includes('/')) return printWhyHere('worker', app, invocation);
    const place = await placeOf(app, invocation);
    const principal =
      typeof options['for'] === 'string' ? options['for'] : (place.principal ?? app.principal);
    const by = options['calledBy'];
    const through = typeof by === 'string' ? by.split(',').map((one) => one.trim()) : [];
    const told = await app.explain({ uses: place.uses, principal, callers: place.callers, through });
    const uses = place.uses.split('@')[0] ?? place.uses;
    const used = await usedBy(app, uses, through);
    const suggestions = suggest(
      told,
      used,
      nameAmongVersions({ manifest: { id: told.worker, version: told.version } }, app.workers.list()),
    );
    output.document({ ...told, used, suggestions });
    const { bold, dim } = output.colours;
    output.line(
      `${bold(exactText(uses))}, ${told.worker} ${told.version} (${told.origin}), in runs of ${exactText(principal)}`,
    );
    for (const { name, permissions } of told.sets) {
      output.line(
        `  ${name.padEnd(14)} ${permissions.length === 0 ? dim('nothing') : permissions.map(exactText).join('  ')}`,
      );
    }
    const given = told.grants.map(
      ({ id, permission, decision }) => `${decision} ${exactText(permission)} (${id})`,
    );
    output.line(`  ${'grants'.padEnd(14)} ${given.length === 0 ? dim('none') : given.join('  ')}`);
    if (told.refused !== undefined) {
      const { message, hint = '' } = told.refused;
      output.line(`\n${output.colours.red('It may not be called so:')} ${exactText(message)}`);
      output.line(dim(`  ${exactText(hint)}`));
    }
    output.line(bold('\nIt may, at most, what all of them allow'));
    if (told.decisions.length === 0) output.line('  nothing');
    for (const { permission, decision, rule, fix, parts = [] } of told.decisions) {
      output.line(
        `  ${paint(decision.padEnd(8), COLOURS[decision], output.colours)} ${exactText(permission)}  ${dim(exactText(rule))}`,
      );
      for (const part of parts) output.line(dim(`           ${exactText(part.permission)} by ${part.grant}`));
      if (fix !== undefined) output.line(dim(`           ${exactText(fix)}`));
    }
    output.line(bold('\nIt has used, as the record says'));
    if (used.length === 0) output.line('  nothing that is decided one by one');
    printTable(
      ['permission', 'times', 'last?'],
      used.map(({ permission, times, last }) => [
        exactText(permission),
        String(times),
        new Date(last).toISOString(),
      ]),
      output,
    );
    if (suggestions.length > 0) output.line(bold('\nLess would do'));
    for (const one of suggestions) output.line(`  ${exactText(one)}`);
    return EXIT.ok;
  });

interface CallPlace {
  readonly uses: string;
  readonly callers: readonly { readonly name: string; readonly permissions: readonly string[] }[];
  readonly principal?: string;
}

/** The action by itself, or as a step of a workflow, or of a run with all that its callers allow. */
async function placeOf(app: App, invocation: Invocation): Promise<CallPlace> {
  const { options } = invocation;
  const [uses = ''] = invocation.arguments;
  const { step, workflow: name } = options;
  const run =
    typeof options['run'] === 'string'
      ? await app.engine.get(await resolveRun(app, options['run']))
      : undefined;
  if (run === undefined && typeof name !== 'string') {
    if (step !== undefined) throw usageError('a step stands in a workflow', '--workflow NAME --step STEP');
    return { uses, callers: [] };
  }
  const workflow = run?.workflow ?? (await app.findWorkflow(String(name)));
  const above = (run?.state.permissionSets ?? []).map((permissions) => ({ name: 'caller', permissions }));
  const around =
    typeof step === 'string' ? stepCallers(workflow, findStep(workflow, step, uses)) : stepCallers(workflow);
  return {
    uses,
    callers: [...above, ...around],
    ...(run === undefined ? {} : { principal: run.state.principal }),
  };
}

function findStep(workflow: Workflow, id: string, uses: string): Step {
  const steps = walkSteps(workflow).map(({ step }) => step);
  const found = steps.find((one) => one.id === id);
  if (found === undefined) {
    throw new CadreError('not_found', `there is no step ${id} in ${workflow.name}`, {
      hint: `there are ${steps.map((one) => one.id).join(', ')}`,
    });
  }
  if (found.kind === 'action' && found.uses.split('@')[0] !== uses.split('@')[0]) {
    throw usageError(`the step ${id} uses ${found.uses}`, `cadre worker why ${found.uses} --step ${id}`);
  }
  return found;
}

interface Used {
  readonly permission: string;
  readonly times: number;
  readonly last: number;
}

/** What was decided one by one while the action ran, or one that it called, and allowed. */
async function usedBy({ audit }: App, uses: string, through: readonly string[]): Promise<readonly Used[]> {
  const isIts = ({ worker, action, details }: AuditEntry) => {
    const calledBy = details?.['calledBy'];
    const names = Array.isArray(calledBy) ? calledBy.map((name) => String(name).split('@')[0]) : [];
    const chain = [...names, `${worker}/${action}`];
    const at = chain.indexOf(uses);
    return at >= 0 && through.every((name, index) => chain[at - through.length + index] === name);
  };
  const found = new Map<string, Used>();
  for (let after = 0; ; ) {
    const page = await audit.read(after, PAGE);
    for (const { number, entry } of page) {
      after = number;
      const record = JSON.parse(entry) as AuditEntry;
      const { permission, decision, operation, at } = record;
      if (!isIts(record) || decision !== 'allowed' || operation === 'call') continue;
      if (permission === undefined) continue;
      const times = (found.get(permission)?.times ?? 0) + 1;
      found.set(permission, { permission, times, last: at });
    }
    if (page.length < PAGE) break;
  }
  return [...found.values()].sort((a, b) => (a.permission < b.permission ? -1 : 1));
}

/** Narrower grants that would have done for all that was used, and narrower permissions of a step. */
function suggest(
  told: Awaited<ReturnType<App['explain']>>,
  used: readonly Used[],
  name: string,
): readonly string[] {
  const names = used.map(({ permission }) => permission);
  const ofGrants = told.grants.flatMap(({ id, permission, decision }) => {
    if (decision !== 'allow' || !permission.includes('*')) return [];
    const covered = names.filter((one) => coversText(permission, one));
    const others = covered.map((one) => `cadre grant add ${name} ${one}`);
    return covered.includes(permission) ? [] : [...others, `cadre grant revoke ${id}`];
  });
  const wide = told.within.filter((one) => one.includes('*'));
  const narrow = wide.flatMap((one) => names.filter((name) => coversText(one, name)));
  if (narrow.length === 0) return ofGrants;
  const kept = told.within.filter((one) => !one.includes('*'));
  return [...ofGrants, `in the step: permissions: ${JSON.stringify([...new Set([...kept, ...narrow])])}`];
}

function coversText(wide: string, one: string): boolean {
  const at = wide.indexOf(':');
  const [type, scope] = [wide.slice(0, at), wide.slice(at + 1)];
  if (!one.startsWith(`${type}:`) || type.startsWith('fs')) return false;
  const given = one.slice(type.length + 1);
  if (type !== 'net') return globCovers(scope, given);
  const [outer, inner] = [splitHost(scope), splitHost(given)];
  return globCovers(outer.host, inner.host) && globCovers(outer.port, inner.port);
}
