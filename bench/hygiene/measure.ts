import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What an unchanged `cadre hygiene --profile quick` over all files, and not only those that changed, does in its own process. */
export interface Counts {
  /** Started by it: `git` for each list of files, and no worker. */
  readonly processes: number;
  readonly filesRead: number;
  readonly filesLookedAt: number;
  /** Of SQL. */
  readonly statements: number;
}

export interface Measured extends Counts {
  /** From the start of the process to its end, the least of all rounds. */
  readonly wallMs: number;
  /** User and system time of the process without the start of Node, the least of all rounds. */
  readonly cpuMs: number;
  /** From the moment the run is created to its end, without the time of its steps: what the runner adds to them. */
  readonly overheadMs: number;
  /** Processor time of a whole process whose run performs no action, because no file has changed. */
  readonly emptyRunMs: number;
  /** The same for a fixed piece of work beside it, which tells how fast this machine is now. */
  readonly calibrationMs: number;
  readonly cached: number;
}

interface Shown {
  readonly createdAt: number;
  readonly endedAt: number;
  readonly steps: readonly { readonly cached?: true; readonly durationMs?: number }[];
}

const here = import.meta.dirname;
const CADRE = join(here, '../../packages/host/bin/cadre.js');
const FILES = 1_000;

/** Parses, hashes, sorts and allocates, as the runner does; it depends on nothing of ours. */
const CALIBRATION = `
  const { createHash } = require('node:crypto');
  const begun = process.cpuUsage();
  let text = '';
  for (let round = 0; round < 60; round++) {
    const list = Array.from({ length: 2000 }, (_, i) => ({ id: (i * 7919) % 2003, name: 'entry ' + i + round }));
    text = createHash('sha256').update(JSON.stringify(JSON.parse(JSON.stringify(list.sort((a, b) => a.id - b.id))))).digest('hex');
  }
  const { user, system } = process.cpuUsage(begun);
  console.log((user + system) / 1000 + text.slice(64));
`;

/** Makes 1,000 files, runs `quick` until its results are kept, and then measures it so many times. */
export function measure(rounds: number): Measured {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'bench-hygiene-')));
  try {
    const repository = join(place, 'repository');
    makeRepository(repository);
    const env = {
      PATH: process.env['PATH'],
      HOME: place,
      CADRE_HOME: join(place, 'home'),
      CADRE_BENCH_COUNTS: join(place, 'counts.json'),
    };
    const cadre = (...args: readonly string[]) => {
      const begun = performance.now();
      const text = execFileSync(
        process.execPath,
        ['--import', join(here, 'counter.js'), CADRE, ...args, '--json'],
        {
          cwd: repository,
          env,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const wallMs = performance.now() - begun;
      const counts = JSON.parse(readFileSync(env.CADRE_BENCH_COUNTS, 'utf8')) as Counts & { cpuMs: number };
      return { ...counts, wallMs, text };
    };
    const run = (...options: readonly string[]) => {
      const { text: _, ...measured } = cadre('hygiene', '--yes', ...options);
      const { createdAt, endedAt, steps } = JSON.parse(cadre('show').text) as Shown;
      const stepsMs = steps.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0);
      const cached = steps.filter((step) => step.cached === true).length;
      return { ...measured, cached, overheadMs: endedAt - createdAt - stepsMs };
    };
    const quick = ['--profile', 'quick', '--no-only-changed'];
    // The first keeps the results.
    run(...quick);
    const all = Array.from({ length: rounds }, () => ({
      ...run(...quick),
      emptyRunMs: run('--profile', 'quick').cpuMs,
      calibrationMs: calibrate(),
    }));
    const keys = Object.keys(all[0] ?? {}) as (keyof Measured)[];
    return Object.fromEntries(
      keys.map((key) => [key, Math.min(...all.map((one) => one[key]))]),
    ) as unknown as Measured;
  } finally {
    rmSync(place, { recursive: true, force: true, maxRetries: 3 });
  }
}

function calibrate(): number {
  return Number(execFileSync(process.execPath, ['-e', CALIBRATION], { encoding: 'utf8' }));
}

function makeRepository(root: string): void {
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (let number = 0; number < FILES - 2; number++) {
    const lines = Array.from(
      { length: 20 },
      (_, index) => `export const value_${number}_${index} = ${index};\n`,
    );
    put(`src/part-${number % 25}/file-${number}.js`, lines.join(''));
  }
  put('package.json', '{ "name": "bench", "type": "module" }\n');
  put(
    'test/first.test.js',
    "import assert from 'node:assert';\nimport { test } from 'node:test';\n\ntest('holds', () => assert.ok(true));\n",
  );
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=work');
  git('-c', 'core.autocrlf=false', 'add', '--all');
  git('-c', 'user.name=Bench', '-c', 'user.email=bench@example.org', 'commit', '--quiet', '-m', 'fixture');
}
