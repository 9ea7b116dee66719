import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../../../../scripts/build.ts';
import { completeLines, type Tally, tallyKills } from './kill-tally.ts';

const CHILD = fileURLToPath(new URL('./kill-child.ts', import.meta.url));

/**
 * What a process says of how far it has come: that it is let go and opens the store, has opened it and takes over, has taken
 * over and goes on, is at work. One of them is drawn and then a time after it, so that a slow machine kills as often at
 * each of them as a fast one.
 */
const MARKS = ['loaded', 'ready', 'taken', 'over'] as const;
const AFTER_MARK_MS = 60;
/** Whoever does not come so far dies all the same. */
const LONGEST_LIFE_MS = 10_000;
const LONGEST_FINISH_MS = 60_000;

/** What a kill has to find: a store that answers an append before it has written it. */
export type Fault = 'early-answers';

export interface KillOptions {
  /** Made by `buildKillChild`; default: built for these rounds. */
  readonly program?: string;
  readonly fault?: Fault;
}

/**
 * The program that is killed, in one file and compiled, as far as it is used: from its sources it takes longer to load than
 * it lives.
 */
export async function buildKillChild(folder: string): Promise<string> {
  const program = join(folder, 'kill-child.mjs');
  await bundle(CHILD, program);
  const warm = mkdtempSync(join(folder, 'warm-'));
  // Node keeps what it compiled when a process ends by itself, which no other one does.
  await live(await load([program, warm, 'once']), undefined);
  rmSync(warm, { recursive: true });
  return program;
}

/** Kills a process that runs workflows, `kills` times at a moment that nobody chose, lets the last one finish, and counts. */
export async function killRounds(
  folder: string,
  kills: number,
  random: () => number,
  { program, fault }: KillOptions = {},
): Promise<Tally> {
  const built = program ?? (await buildKillChild(folder));
  const start = (task: 'work' | 'finish') =>
    load([built, folder, task, ...(fault === undefined ? [] : [fault])]);
  const said: string[] = [];
  let next = start(kills > 0 ? 'work' : 'finish');
  for (let round = 1; round <= kills; round++) {
    const child = await next;
    // Its successor loads what it needs meanwhile, and opens nothing before it is let go.
    next = start(round < kills ? 'work' : 'finish');
    const mark = MARKS[Math.floor(random() * MARKS.length)] ?? 'loaded';
    said.push(...(await live(child, { mark, afterMs: random() * AFTER_MARK_MS })));
  }
  said.push(...(await live(await next, undefined)));
  return tallyKills(folder, kills, said);
}

interface Moment {
  readonly mark: (typeof MARKS)[number];
  readonly afterMs: number;
}

interface Loaded {
  readonly child: ChildProcess;
  /** Resolves when it has said such a line. */
  readonly hear: (mark: string) => Promise<void>;
  /** What it has said when it is over, and how it ended. */
  readonly ended: Promise<{ readonly said: string; readonly how: string | number }>;
}

/** A process that has loaded its program and waits to be let go. */
async function load(args: readonly string[]): Promise<Loaded> {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(dirname(args[0] ?? ''), 'compiled') };
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  const ended = new Promise<{ said: string; how: string | number }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ said, how: signal ?? code ?? 0 }));
  });
  // Whoever ended by itself is found out by how it ended.
  child.stdin.on('error', () => undefined);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  const hear = async (mark: string) => {
    const line = new RegExp(`^${mark}( .*)?\\n`, 'm');
    while (!line.test(said) && !isOver()) await Promise.race([once(child.stdout, 'data'), ended]);
  };
  await hear('loaded');
  return { child, hear, ended };
}

/** What the process said before it was killed. Without a moment it lives until it has finished, which must go well. */
async function live({ child, hear, ended }: Loaded, moment: Moment | undefined): Promise<string[]> {
  const kill = () => void child.kill('SIGKILL');
  const timers = [setTimeout(kill, moment === undefined ? LONGEST_FINISH_MS : LONGEST_LIFE_MS)];
  child.stdin?.write('go');
  if (moment !== undefined) {
    await hear(moment.mark);
    timers.push(setTimeout(kill, moment.afterMs));
  }
  const { said, how } = await ended;
  for (const timer of timers) clearTimeout(timer);
  if (how !== (moment === undefined ? 0 : 'SIGKILL'))
    throw new Error(`the process ended by itself with ${how}`);
  return completeLines(said);
}
