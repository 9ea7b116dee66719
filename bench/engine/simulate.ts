/**
 * Simulated processes with injected faults, seed after seed, until so many steps were made: `node bench/engine/simulate.ts
 * [--steps 1000000] [--seed N] [--size held|shared] [--episode 3000]`. Exit code 1, and the seed, when an invariant was broken;
 * the same seed gives the same run again.
 */
import { parseArgs } from 'node:util';
import {
  type SimulationTally,
  simulateEngine,
} from '../../packages/host/src/engine/testing/simulation/simulate-engine.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    size: { type: 'string' },
    episode: { type: 'string', default: '3000' },
  },
});
const sizes = (['held', 'shared'] as const).filter(
  (size) => values.size === undefined || values.size === size,
);
const first = Number(values.seed ?? 1);
const wanted = values.seed === undefined ? Number(values.steps) : 1;
const began = performance.now();
const total: Record<string, number> = { episodes: 0 };
try {
  for (let seed = first; (total['steps'] ?? 0) < wanted; seed += 1) {
    for (const size of sizes) {
      const tally: SimulationTally = await simulateEngine({ seed, size, steps: Number(values.episode) });
      for (const [name, count] of Object.entries(tally)) total[name] = (total[name] ?? 0) + count;
      total['episodes'] = (total['episodes'] ?? 0) + 1;
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
const seconds = Math.round((performance.now() - began) / 1_000);
console.table({ ...total, seconds });
console.log(JSON.stringify({ bench: 'simulate', ...total, seconds }));
process.exit();
