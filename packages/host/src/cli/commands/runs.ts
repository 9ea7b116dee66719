import { RUN_STATUSES, type RunStatus } from '@cadre/core/history';
import { duration, relativeTime } from '@cadre/kit/format';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { commitText } from '../show/commit-text.ts';
import { printTable } from '../show/table.ts';
import { withRecords } from '../with-app.ts';

const DEFAULT_LIMIT = 20;

export const runs: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { options, output } = invocation;
    const [workflow] = invocation.arguments;
    const status = parseStatuses(options['status']);
    const page = await records.engine.list({
      ...(workflow === undefined ? {} : { workflow }),
      ...(status === undefined ? {} : { status }),
      mode: options['plans'] === true ? 'plan' : 'apply',
      limit: parseLimit(options['limit']),
    });
    output.document(page);
    if (page.runs.length === 0) output.line('No runs yet. Begin with: cadre run hygiene');
    const now = records.clock.now();
    const rows = page.runs.map((run) => [
      run.id,
      ...(workflow === undefined ? [run.workflow] : []),
      run.profile ?? '',
      commitText(run),
      run.status.replace('_', ' '),
      run.endedAt === undefined ? '' : duration(run.endedAt - run.createdAt),
      String(run.changes),
      relativeTime(run.createdAt, { now }),
      run.failureCode ?? '',
    ]);
    const names = workflow === undefined ? ['workflow'] : [];
    const head = ['run', ...names, 'profile', 'commit', 'status', 'took', 'changes', 'when?', 'failure?'];
    printTable(head, rows, output);
    return EXIT.ok;
  });

function parseStatuses(given: unknown): RunStatus[] | undefined {
  if (typeof given !== 'string') return undefined;
  const statuses = given.split(',').map((status) => status.trim());
  const known = statuses.filter((status): status is RunStatus =>
    (RUN_STATUSES as readonly string[]).includes(status),
  );
  if (known.length === statuses.length) return known;
  throw usageError(`"${given}" is no list of statuses`, `some of ${RUN_STATUSES.join(', ')}`);
}

function parseLimit(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT;
  const limit = Number(given);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw usageError(`--limit takes a whole number from 1, not "${String(given)}"`);
}
