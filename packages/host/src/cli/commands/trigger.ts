import { resolve } from 'node:path';
import { CadreError, type Problem } from '@cadre/core';
import type { App } from '../../app.ts';
import type { TriggerView } from '../../inbox/open-inbox.ts';
import { checkTarget } from '../../resources/check-target.ts';
import { findTrigger, type LoadedTrigger, loadTrigger } from '../../resources/load-triggers.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { formatProblem } from '../show/problems.ts';
import { printTable } from '../show/table.ts';
import { printFirings, wallTime, whenOf } from '../show/triggers.ts';
import { withApp } from '../with-app.ts';

export const listTriggers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const views = await viewsOf(app);
    const broken = (await app.triggers.load()).filter(({ trigger }) => trigger === undefined);
    output.document({
      triggers: views,
      broken: broken.map(({ path, problems }) => ({ file: path, problems })),
    });
    if (views.length + broken.length === 0) {
      output.line('No triggers: write one into .cadre/triggers, see docs/guide/triggers.md.');
    }
    const rows = views.map((view) => [
      view.trigger.name,
      statusOf(view),
      view.trigger.run,
      whenOf(view.trigger),
      view.nextDue === undefined ? '' : wallTime(view.nextDue, view.trigger.timeZone),
      view.last === undefined ? '' : view.last.status,
    ]);
    printTable(['trigger', 'state', 'runs', 'fired by', 'next', 'last?'], rows, output);
    for (const { path, problems } of broken) {
      for (const problem of problems) output.line(formatProblem(problem, path, output.colours));
    }
    return EXIT.ok;
  });

export const showTrigger: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const {
      output,
      arguments: [name = ''],
    } = invocation;
    findTrigger(await app.triggers.load(), name);
    const view = (await viewsOf(app)).find(({ trigger }) => trigger.name === name);
    if (view === undefined) throw new CadreError('trigger_not_found', `there is no trigger "${name}"`);
    const firings = await app.inbox.history({ trigger: name, limit: 10 });
    output.document({ ...view, firings });
    const { trigger } = view;
    const lines = [
      ['state', statusOf(view)],
      ['fired by', whenOf(trigger)],
      ['runs', `${trigger.run} with ${JSON.stringify(trigger.with)}`],
      ['acts as', `trigger:${name}`],
      ['next', view.nextDue === undefined ? '' : wallTime(view.nextDue, trigger.timeZone)],
      ['overlap', trigger.overlap],
      ['retry', trigger.retry.attempts === 1 ? 'none' : `${trigger.retry.attempts} tries`],
    ];
    for (const [what = '', text] of lines) if (text !== '') output.line(`${what.padEnd(10)}${text}`);
    output.line();
    printFirings(firings, output);
    return EXIT.ok;
  });

export const nextTimes: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const {
      output,
      options,
      arguments: [name = ''],
    } = invocation;
    const count = Number(options['count'] ?? 10);
    if (!(Number.isInteger(count) && count >= 1 && count <= 1_000)) {
      throw usageError('--count is a whole number from 1 to 1000', `cadre trigger next ${name} --count 10`);
    }
    const trigger = findTrigger(await app.triggers.load(), name);
    const due = await app.inbox.next(name, count);
    output.document({ trigger: name, next: due.map((time) => new Date(time).toISOString()) });
    if (due.length === 0) output.line(`${name} is not due any more.`);
    for (const time of due) {
      const zone = trigger.timeZone ?? 'UTC';
      output.line(
        `${wallTime(time, zone)}${zone === 'UTC' ? '' : `  ${output.colours.dim(new Date(time).toISOString())}`}`,
      );
    }
    return EXIT.ok;
  });

export const checkTriggers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, arguments: files } = invocation;
    const loaded: readonly LoadedTrigger[] =
      files.length === 0
        ? await app.triggers.load()
        : await Promise.all(files.map((file) => loadTrigger(resolve(io.cwd, file))));
    const checked: { file: string; problems: readonly Problem[] }[] = [];
    for (const { path, trigger, problems } of loaded) {
      const target =
        trigger === undefined ? [] : await checkTarget(trigger, (name) => app.findWorkflow(name));
      checked.push({ file: path, problems: [...problems, ...target] });
    }
    for (const { file, problems } of checked) {
      if (problems.length === 0) output.line(`${output.colours.green('✓')} ${file}`);
      for (const problem of problems) output.line(formatProblem(problem, file, output.colours));
    }
    output.document({ checked });
    return checked.some(({ problems }) => problems.length > 0) ? EXIT.usage : EXIT.ok;
  });

async function viewsOf(app: App): Promise<readonly TriggerView[]> {
  await app.inbox.settle();
  return app.inbox.list();
}

function statusOf({ trigger, state, nextDue, last }: TriggerView): string {
  if (!trigger.enabled) return 'disabled';
  if (state?.paused === true) return 'paused';
  if (state?.note !== undefined) return state.note;
  if (trigger.on.kind === 'schedule' && nextDue === undefined && last !== undefined) return 'done';
  return 'active';
}
