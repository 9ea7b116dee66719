/**
 * Shapes of runs that other engines publish figures of, beside a minimal journal that writes one row for each step and waits
 * for the same commits: 1,000 elements at once, Windmill's 40 light steps, Kestra's loop of 100, and 10,000 runs that a
 * killed process left. Each in a process of its own, round after round in turn; medians.
 * `node bench/engine/shapes.ts [--rounds 3] [--only fan-out,forty-steps] [--interrupted 10000]`
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Workflow } from '@cadre/core';
import type { Gate } from '../../packages/host/src/ports/gate.ts';
import { sampleStep, sampleWorkflow } from '../../packages/host/src/testing/sample-workflow.ts';
import { begin, chain, nothing, openEmbedded, runToEnd } from './peers/cadre.ts';
import { openJournal } from './peers/sqlite-journal.ts';

const ELEMENTS = 1_000;
const LIGHT_STEPS = 40;
const TURNS = 100;
const CHAIN = 5;
/** The step that a run hangs in when its process is killed. */
const HANGS = 'step-3';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    interrupted: { type: 'string', default: '10000' },
    /** How often a shape is measured in one process; the median counts. */
    times: { type: 'string', default: '20' },
    measure: { type: 'string' },
    leave: { type: 'string' },
  },
});

type Milliseconds = number;

interface Shape {
  readonly name: string;
  readonly cadre: (folder: string) => Promise<Milliseconds>;
  readonly journal: (folder: string) => Promise<Milliseconds>;
}

const action = (id: string, input = {}) =>
  sampleStep(id, { kind: 'action', uses: 'bench/nothing', with: input });

const fanOut = sampleWorkflow([
  sampleStep('each', {
    kind: 'forEach',
    items: Array.from({ length: ELEMENTS }, (_, index) => index),
    as: 'item',
    atMost: ELEMENTS,
    steps: [action('work', { item: `\${{ item }}` })],
  }),
]);

const loop = sampleWorkflow([
  sampleStep('again', {
    kind: 'repeat',
    until: `\${{ iteration >= ${TURNS} }}`,
    max: TURNS,
    steps: [action('work', { turn: `\${{ iteration }}` })],
  }),
]);

type Journal = ReturnType<typeof openJournal>;

const inTurn = (steps: number) => async (journal: Journal, run: string) => {
  await journal.append(run, 0, 'run.started', '{"input":{}}');
  for (let step = 1; step <= steps; step++) await journal.append(run, step, 'step.completed', OUTPUT);
  await journal.append(run, steps + 1, 'run.completed', '{}');
};

const atOnce = (steps: number) => async (journal: Journal, run: string) => {
  await journal.append(run, 0, 'run.started', '{"input":{}}');
  const all = Array.from({ length: steps }, (_, step) =>
    journal.append(run, step + 1, 'step.completed', OUTPUT),
  );
  await Promise.all(all);
  await journal.append(run, steps + 1, 'run.completed', '{}');
};

const OUTPUT = '{"output":{"ok":"work"}}';

const SHAPES: readonly Shape[] = [
  single('fan-out', fanOut, atOnce(ELEMENTS)),
  single('forty-steps', chain(LIGHT_STEPS), inTurn(LIGHT_STEPS)),
  single('loop', loop, inTurn(TURNS)),
  { name: 'recovery', cadre: recoverCadre, journal: recoverJournal },
];

/** One run at a time, in milliseconds from its start to its end. */
function single(
  name: string,
  workflow: Workflow,
  write: (journal: Journal, run: string) => Promise<void>,
): Shape {
  return {
    name,
    async cadre(folder) {
      const { engine, close } = await openEmbedded(folder, nothing, ELEMENTS);
      const median = await medianTime(() => runToEnd(engine, workflow));
      await close();
      return median;
    },
    async journal(folder) {
      const journal = openJournal(folder);
      let runs = 0;
      const median = await medianTime(() => write(journal, `run-${++runs}`));
      await journal.close();
      return median;
    },
  };
}

async function medianTime(work: () => Promise<void>): Promise<Milliseconds> {
  const times: number[] = [];
  for (let time = 0; time < Number(values.times); time++) times.push(await timeOf(work));
  return medianOf(times);
}

async function timeOf(work: () => Promise<unknown>): Promise<Milliseconds> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function medianOf(numbers: readonly number[]): number {
  return [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

/** From opening the store until the last of the runs that were left is over. */
async function recoverCadre(folder: string): Promise<Milliseconds> {
  await leaveBehind(folder);
  const expected = Number(values.interrupted);
  const allOver = Promise.withResolvers<void>();
  let over = 0;
  const counting: Gate = {
    ...nothing,
    async endRun() {
      if (++over === expected) allOver.resolve();
    },
  };
  return timeOf(async () => {
    const { engine, close } = await openEmbedded(folder, counting);
    const recovered = await engine.recover();
    if (recovered.length !== expected)
      throw new Error(`${recovered.length} of ${expected} runs were taken over`);
    await allOver.promise;
    await close();
  });
}

/** A process that begins all those runs, and is killed when each hangs in its step. */
async function leaveBehind(folder: string): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, ...process.argv.slice(2), '--leave', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), over]);
  child.kill('SIGKILL');
  await over;
}

async function hang(folder: string): Promise<void> {
  const runs = Number(values.interrupted);
  let hanging = 0;
  const stuck = Promise.withResolvers<void>();
  const { engine } = await openEmbedded(
    folder,
    {
      ...nothing,
      perform(call, signal, told) {
        if (call.step !== HANGS) return nothing.perform(call, signal, told);
        if (++hanging === runs) stuck.resolve();
        return new Promise(() => undefined);
      },
    },
    runs,
  );
  const workflow = chain(CHAIN);
  await Promise.all(Array.from({ length: runs }, () => begin(engine, workflow)));
  await stuck.promise;
  process.stdout.write('ready\n');
}

/** The same with a row for each step: reads how far each run has come, and goes on with all of them. */
async function recoverJournal(folder: string): Promise<Milliseconds> {
  const before = openJournal(folder);
  const runs = Array.from({ length: Number(values.interrupted) }, (_, index) => `run-${index}`);
  for (const step of [0, 1, 2]) {
    await Promise.all(runs.map((run) => before.append(run, step, 'step.completed', OUTPUT)));
  }
  await before.close();
  return timeOf(async () => {
    const journal = openJournal(folder);
    const goOn = async ({ run, seq }: { run: string; seq: number }) => {
      for (let step = seq + 1; step <= CHAIN + 1; step++)
        await journal.append(run, step, 'step.completed', OUTPUT);
    };
    await Promise.all(journal.lastNumbers().map(goOn));
    await journal.close();
  });
}

interface Times {
  readonly cadre: Milliseconds;
  readonly journal: Milliseconds;
}

async function measure(shape: Shape): Promise<Times> {
  return { journal: await inFolder(shape.journal), cadre: await inFolder(shape.cadre) };
}

async function inFolder(work: (folder: string) => Promise<Milliseconds>): Promise<Milliseconds> {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-shapes-'));
  return work(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

function inProcessOfItsOwn({ name }: Shape): Times {
  const given = process.argv.slice(2);
  const child = spawnSync(process.execPath, [import.meta.filename, ...given, '--measure', name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.status !== 0) throw new Error(`${name} ended with ${child.status ?? child.signal}`);
  return JSON.parse(child.stdout) as Times;
}

function compare(shapes: readonly Shape[]): void {
  const rounds = Array.from({ length: Number(values.rounds) }, () => shapes.map(inProcessOfItsOwn));
  const rows = shapes.map(({ name }, index) => {
    const times = rounds.flatMap((round) => round[index] ?? []);
    const cadre = medianOf(times.map((time) => time.cadre));
    const journal = medianOf(times.map((time) => time.journal));
    return { shape: name, cadreMs: round(cadre), journalMs: round(journal), times: round(cadre / journal) };
  });
  console.table(rows);
  console.log(JSON.stringify({ bench: 'shapes', node: process.version, ...values, rows }));
}

function round(number: number): number {
  return Number(number.toPrecision(3));
}

const only = values.only?.split(',');
const measured = SHAPES.find((shape) => shape.name === values.measure);
if (values.leave !== undefined) await hang(values.leave);
else if (measured !== undefined) console.log(JSON.stringify(await measure(measured)));
else compare(SHAPES.filter((shape) => only === undefined || only.includes(shape.name)));
