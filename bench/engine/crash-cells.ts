import { setTimeout } from 'node:timers/promises';
import {
  type Ground,
  type Kill,
  killCase,
  playCalmly,
  type Verdict,
} from '../../packages/host/test/conformance/crash-case.ts';
import type { ConformanceCase } from '../../packages/host/test/conformance/read-cases.ts';

const LONGEST_MS = 180_000;

/** What became of the kills of one case on one store. */
export interface Row {
  readonly name: string;
  readonly appends: number;
  readonly before: Count;
  readonly after: Count;
  readonly wrong: readonly string[];
}

export interface Count {
  kept: number;
  missed: number;
  wrong: number;
}

/** Kills a case at its appends, at most at `most` of them, spread evenly. */
export async function killEverywhere(given: ConformanceCase, ground: Ground, most: number): Promise<Row> {
  const calm = await playCalmly(given, ground);
  const counts = { before: { kept: 0, missed: 0, wrong: 0 }, after: { kept: 0, missed: 0, wrong: 0 } };
  const wrong: string[] = [];
  for (const at of spread(calm.appends, most)) {
    for (const when of ['before', 'after'] as const) {
      const kill: Kill = { at, when };
      const verdict = await Promise.race([killCase(given, ground, kill, calm), tooLong()]);
      if (verdict === 'kept' || verdict === 'missed') counts[when][verdict] += 1;
      else {
        counts[when].wrong += 1;
        wrong.push(`${given.name}, ${when} append ${at}: ${verdict.wrong}`);
      }
    }
  }
  return { name: given.name, appends: calm.appends, ...counts, wrong };
}

async function tooLong(): Promise<Verdict> {
  await setTimeout(LONGEST_MS, undefined, { ref: false });
  return { wrong: `it is not over within ${LONGEST_MS / 1_000} s` };
}

function spread(appends: number, most: number): readonly number[] {
  const all = Array.from({ length: appends }, (_, index) => index + 1);
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, index) => all[Math.floor((index * appends) / most)] as number);
}
