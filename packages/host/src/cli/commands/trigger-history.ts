import { FIRING_STATUSES, type FiringFilter, type FiringStatus } from '../../ports/firing-store.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { printFirings } from '../show/triggers.ts';
import { withApp } from '../with-app.ts';
import { timeOption } from './time-option.ts';

export const triggerHistory: CommandHandler = (invocation) => print(invocation, statusOption(invocation));

export const deadFirings: CommandHandler = (invocation) => print(invocation, ['dead']);

function print(invocation: Invocation, status: readonly FiringStatus[] | undefined): Promise<number> {
  const {
    output,
    options,
    arguments: [trigger],
  } = invocation;
  const limit = Number(options['limit'] ?? 20);
  if (!(Number.isInteger(limit) && limit >= 1))
    throw usageError('--limit is a whole number above 0', '--limit 20');
  const [from, to] = [timeOption(options, 'from'), timeOption(options, 'to')];
  const filter: FiringFilter = {
    limit,
    ...(trigger === undefined ? {} : { trigger }),
    ...(status === undefined ? {} : { status }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  return withApp(invocation, async (app) => {
    await app.inbox.settle();
    const firings = await app.inbox.history(filter);
    output.document({ firings });
    if (firings.length === 0) output.line('No firings.');
    printFirings(firings, output);
    if (firings.some((firing) => firing.status === 'dead')) {
      output.line('\nRun a dead one again: cadre trigger replay FIRING');
    }
    return EXIT.ok;
  });
}

function statusOption({ options }: Invocation): readonly FiringStatus[] | undefined {
  const given = options['status'];
  if (typeof given !== 'string') return undefined;
  return given.split(',').map((word) => {
    const status = FIRING_STATUSES.find((one) => one === word.trim());
    if (status === undefined) throw usageError(`there is no status '${word}'`, FIRING_STATUSES.join(', '));
    return status;
  });
}
