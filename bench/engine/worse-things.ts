import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { killRounds } from '../../packages/host/src/engine/testing/kill-rounds.ts';
import { wrongIn } from '../../packages/host/src/engine/testing/kill-tally.ts';
import { simulateEngine } from '../../packages/host/src/engine/testing/simulation/simulate-engine.ts';

export interface Worse {
  readonly what: string;
  readonly came: string;
  readonly kept: boolean;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EPISODES = 10;

/** What is no single append: kills at moments that nobody chose, a server that restarts, a full disk, clocks that move. */
export async function worseThings(kills: number): Promise<readonly Worse[]> {
  return [
    await randomKills(kills),
    byTest(
      'PostgreSQL killed and started again under load (100 runs, 2 processes)',
      'packages/host/src/engine/sharing.test.ts',
      'the server restarts in the middle of everything',
    ),
    byTest(
      'the disk is full when a result is to be appended',
      'packages/host/src/engine/faults.test.ts',
      'a run that cannot be written stops its work',
    ),
    await clocks(
      'held',
      'the clock of a process moves by up to 40 s, or time does, while processes die; SQLite',
    ),
    await clocks('shared', 'the same, on a model of PostgreSQL and its queue'),
  ];
}

async function randomKills(kills: number): Promise<Worse> {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-kill-'));
  try {
    const tally = await killRounds(folder, kills, Math.random);
    const wrong = wrongIn(tally);
    const counted = `${tally.runs} runs, ${tally.events} events, ${tally.interrupted} attempts cut off, ${tally.takenOver} times taken over`;
    return {
      what: `\`kill -9\` of a real process at ${kills} random moments, on SQLite`,
      came: `${counted}; ${wrong} lost, done twice or left behind; the file is ${tally.integrity}`,
      kept: wrong === 0,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A test of the suite that does it, and looks at what came of it. */
function byTest(what: string, file: string, name: string): Worse {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'cadre-worse-'));
  const report = join(folder, 'report.json');
  try {
    const args = ['vitest', 'run', file, '-t', name, '--reporter=json', `--outputFile=${report}`];
    const { status } = spawnSync('npx', args, { cwd: ROOT, stdio: 'ignore' });
    const { numPassedTests, numFailedTests } = existsSync(report)
      ? JSON.parse(readFileSync(report, 'utf8'))
      : { numPassedTests: 0, numFailedTests: 1 };
    const kept = status === 0 && numPassedTests === 1 && numFailedTests === 0;
    const seconds = Math.round((performance.now() - began) / 1_000);
    const came = kept ? 'nothing lost, nothing done twice' : 'the test did not pass';
    return { what, came: `${came} (${seconds} s)`, kept };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function clocks(size: 'held' | 'shared', what: string): Promise<Worse> {
  let [jumps, crashes, runs] = [0, 0, 0];
  try {
    for (let seed = 101; seed < 101 + EPISODES; seed += 1) {
      const tally = await simulateEngine({ seed, size, steps: 3_000 });
      jumps += tally.jumps;
      crashes += tally.crashes;
      runs += tally.runs;
    }
    return {
      what,
      came: `${jumps} jumps, ${crashes} deaths, ${runs} runs, all over; no invariant broken`,
      kept: true,
    };
  } catch (error) {
    return {
      what,
      came: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error),
      kept: false,
    };
  }
}
