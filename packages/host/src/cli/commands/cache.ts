import { bytes, duration, relativeTime } from '@cadre/kit/format';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const listCache: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const now = app.clock.now();
    const results = await app.results.list(now);
    output.document({ results, bytes: results.reduce((sum, one) => sum + one.bytes, 0) });
    if (results.length === 0) output.line('No results are kept.');
    const rows = results.map((one) => [
      one.tags.join(' '),
      one.run,
      relativeTime(one.createdAt, { now }),
      duration(one.expiresAt - now),
      bytes(one.bytes),
    ]);
    printTable(['tags', 'from run?', 'kept?', 'holds for?', 'size?'], rows, output);
    return EXIT.ok;
  });

export const clearCache: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { tag } = invocation.options;
    const named = typeof tag === 'string' ? tag : undefined;
    const cleared = await app.results.clear(named);
    invocation.output.document({ cleared, ...(named === undefined ? {} : { tag: named }) });
    const what = named === undefined ? '' : ` with the tag ${named}`;
    invocation.output.line(`${cleared} kept ${cleared === 1 ? 'result' : 'results'}${what} thrown away`);
    return EXIT.ok;
  });
