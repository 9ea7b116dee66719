import { findTrigger } from '../../resources/load-triggers.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { wallTime } from '../show/triggers.ts';
import { withApp } from '../with-app.ts';
import { timeOption } from './time-option.ts';

export const pauseTrigger: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    await app.inbox.pause(name);
    invocation.output.document({ paused: name });
    invocation.output.line(`${name} is paused; go on with: cadre trigger resume ${name}`);
    return EXIT.ok;
  });

export const resumeTrigger: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    await app.inbox.resume(name);
    invocation.output.document({ resumed: name });
    invocation.output.line(`${name} goes on.`);
    return EXIT.ok;
  });

export const backfillTrigger: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const {
      output,
      options,
      arguments: [name = ''],
    } = invocation;
    const from = timeOption(options, 'from');
    if (from === undefined)
      throw usageError('from when?', `cadre trigger backfill ${name} --from 2027-01-01`);
    const to = timeOption(options, 'to') ?? app.clock.now();
    const plan = options['plan'] === true;
    const dues = await app.inbox.backfill(name, from, to, plan);
    output.document({ trigger: name, plan, due: dues.map((due) => new Date(due).toISOString()) });
    const { timeZone } = findTrigger(await app.triggers.load(), name);
    for (const due of dues) output.line(wallTime(due, timeZone));
    output.line(
      plan
        ? `${dues.length} times; those that were fired already are left out.`
        : `${dues.length} firings, begun one after the other by cadre serve.`,
    );
    return EXIT.ok;
  });
