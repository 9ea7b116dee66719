import { CadreError } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const pin: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const run = await resolveRun(app, invocation.arguments[0]);
    const reason = textOf(invocation.options['reason']);
    if (!(await app.upkeep.pin(run, { principal: app.principal, at: app.clock.now(), reason }))) {
      throw new CadreError('run_not_found', `there is no run ${run}`, { hint: 'cadre runs' });
    }
    await record(app, 'pin', run, { reason });
    invocation.output.document({ pinned: run, reason });
    invocation.output.line(`${run} is kept until it is unpinned.`);
    return EXIT.ok;
  });

export const unpin: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const run = await resolveRun(app, invocation.arguments[0]);
    if (!(await app.upkeep.unpin(run))) {
      throw new CadreError('not_found', `${run} is not pinned`, { hint: 'cadre runs pins' });
    }
    await record(app, 'unpin', run, {});
    invocation.output.document({ unpinned: run });
    invocation.output.line(`${run} goes when it falls due (cadre clean --plan).`);
    return EXIT.ok;
  });

export const hold: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { options, output } = invocation;
    const name = invocation.arguments[0] ?? '';
    const workflow = typeof options['workflow'] === 'string' ? options['workflow'] : '*';
    const reason = textOf(options['reason']);
    // Recorded first: a hold must never be without a trace.
    await record(app, 'hold', name, { workflow, reason });
    await app.upkeep.hold(name, { workflow, principal: app.principal, at: app.clock.now(), reason });
    output.document({ hold: name, workflow, reason });
    output.line(
      `Nothing of ${workflow === '*' ? 'any workflow' : workflow} is removed until: cadre runs release ${name}`,
    );
    return EXIT.ok;
  });

export const release: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const name = invocation.arguments[0] ?? '';
    const known = await app.upkeep.listHolds();
    if (!known.some((one) => one.name === name)) {
      throw new CadreError('not_found', `there is no hold "${name}"`, { hint: 'cadre runs pins' });
    }
    await record(app, 'release', name, {});
    await app.upkeep.release(name);
    invocation.output.document({ released: name });
    invocation.output.line(`${name} holds nothing any more.`);
    return EXIT.ok;
  });

export const pins: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const [pinned, holds] = [await app.upkeep.listPins(), await app.upkeep.listHolds()];
    output.document({ pins: pinned, holds });
    if (pinned.length + holds.length === 0) output.line('Nothing is pinned and nothing is held.');
    const now = app.clock.now();
    const rows = [
      ...pinned.map((one) => ['pin', one.run, one.principal, relativeTime(one.at, { now }), one.reason]),
      ...holds.map((one) => [
        'hold',
        `${one.name} (${one.workflow === '*' ? 'every workflow' : one.workflow})`,
        one.principal,
        relativeTime(one.at, { now }),
        one.reason,
      ]),
    ];
    printTable(['kind', 'what', 'by', 'when?', 'reason?'], rows, output);
    return EXIT.ok;
  });

function record(app: App, operation: string, target: string, details: Record<string, string>) {
  return app.audit.append({
    at: app.clock.now(),
    principal: app.principal,
    worker: 'cadre',
    action: 'retention',
    operation,
    target,
    decision: 'allowed',
    rule: 'asked for at the command line',
    details,
  });
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}
