import { runAction } from '../../packages/sdk/src/testing.ts';
import { worker } from '../../packages/workers/src/hooks/worker.ts';

/**
 * Runs the hooks once, or so many times in one process, and prints the milliseconds of each. With a data folder it
 * remembers, as the host lets a worker do, which files were clean before.
 */
const [workspace = '.', times = '1', dataDir] = process.argv.slice(2);
const durations: number[] = [];
for (let round = 0; round < Number(times); round++) {
  const startedAt = performance.now();
  const { outcome } = await runAction(
    worker,
    'run',
    { all: true },
    {
      workspace,
      ...(dataDir === undefined ? {} : { dataDir }),
    },
  );
  durations.push(performance.now() - startedAt);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
}
console.log(JSON.stringify(durations));
