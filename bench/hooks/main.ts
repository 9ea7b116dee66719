import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { config, HOOKS, makeFixture } from './fixture.ts';

/*
 * How long 13 hooks on 960 files of a clean tree take, from the start of the process to its end, against other hook
 * managers in the same run. `node bench/hooks/main.ts [rounds]`. Peers are found on PATH, or in the folders of
 * BENCH_PATH: prek, pre-commit, lefthook. One that is missing is left out by name.
 *
 * prek runs its own built-in hooks: the same work as ours. pre-commit and lefthook have none; they start the program
 * `true` for each hook, so what is measured is their overhead alone, without a single file being looked at.
 */

interface Contestant {
  readonly name: string;
  readonly does: string;
  readonly command: readonly string[];
  readonly config?: { readonly path: string; readonly text: string };
}

const here = dirname(fileURLToPath(import.meta.url));
const rounds = Number(process.argv[2] ?? 15);
const place = realpathSync(mkdtempSync(join(tmpdir(), 'bench-hooks-')));
const env = {
  ...process.env,
  PATH: [process.env['BENCH_PATH'], process.env['PATH']].filter(Boolean).join(':'),
  HOME: place,
};

try {
  await main();
} finally {
  rmSync(place, { recursive: true, force: true });
}

async function main(): Promise<void> {
  const driver = join(place, 'driver.js');
  await build({
    entryPoints: [join(here, 'driver.ts')],
    outfile: driver,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'error',
    // Libraries in CommonJS ask for built-in modules by `require`.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const contestants = prepare(driver);
  const missing = ['prek', 'pre-commit', 'lefthook'].filter((program) => find(program) === undefined);
  if (missing.length > 0) console.log(`not installed, left out: ${missing.join(', ')}`);
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  // In turns, so that whatever else the machine does hits all of them; the first round only warms the caches.
  for (let round = 0; round <= rounds; round++) {
    for (const contestant of contestants) {
      const milliseconds = time(contestant);
      if (round > 0) times.get(contestant.name)?.push(milliseconds);
    }
  }
  print(contestants, times, [
    {
      name: 'cadre, warm worker',
      does: 'the same, in a worker that runs already',
      times: warm(driver, join(place, 'data')),
    },
    { name: 'cadre, warm, first run', does: 'each file read, in such a worker', times: warm(driver) },
  ]);
}

function prepare(driver: string): readonly Contestant[] {
  const noOp = JSON.stringify({
    repos: [
      {
        repo: 'local',
        hooks: HOOKS.map((id) => ({ id, name: id, language: 'system', entry: 'true', types: ['text'] })),
      },
    ],
  });
  const lefthook = JSON.stringify({
    'pre-commit': { commands: Object.fromEntries(HOOKS.map((id) => [id, { run: 'true {staged_files}' }])) },
  });
  const all: readonly (Contestant & { readonly program?: string })[] = [
    {
      name: 'cadre',
      does: '13 hooks on 960 files, known to be clean',
      command: [process.execPath, driver, '.', '1', join(place, 'data')],
    },
    {
      name: 'cadre, first run',
      does: '13 hooks on 960 files, each read',
      command: [process.execPath, driver, '.'],
    },
    { name: 'node, doing nothing', does: 'start of the runtime', command: [process.execPath, '-e', ''] },
    {
      name: 'git alone',
      does: 'the three git calls that cadre makes',
      command: [
        'sh',
        '-c',
        'git rev-parse --show-toplevel && git ls-files -s -z && git diff-index --cached -z -M HEAD',
      ],
    },
    {
      name: 'prek',
      program: 'prek',
      does: '13 hooks on 960 files',
      command: ['prek', 'run', '--all-files'],
      config: { path: '.pre-commit-config.yaml', text: config('builtin') },
    },
    {
      name: 'pre-commit',
      program: 'pre-commit',
      does: 'nothing, 13 times',
      command: ['pre-commit', 'run', '--all-files'],
      config: { path: '.pre-commit-config.yaml', text: noOp },
    },
    {
      name: 'lefthook',
      program: 'lefthook',
      does: 'nothing, 13 times',
      command: ['lefthook', 'run', 'pre-commit', '--all-files', '--force'],
      config: { path: 'lefthook.yml', text: lefthook },
    },
  ];
  return all
    .filter(({ program }) => program === undefined || find(program) !== undefined)
    .map(({ program: _, ...contestant }) => {
      const root = folderOf(contestant);
      makeFixture(root);
      if (contestant.config !== undefined) {
        writeFileSync(join(root, contestant.config.path), contestant.config.text);
        execFileSync('git', ['add', '--all'], { cwd: root });
        execFileSync('git', ['commit', '--quiet', '--no-verify', '--message', 'configuration'], {
          cwd: root,
        });
      }
      return contestant;
    });
}

function folderOf({ name }: Contestant): string {
  return join(place, name.replaceAll(/\W+/g, '-'));
}

function time(contestant: Contestant): number {
  const [program = '', ...args] = contestant.command;
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folderOf(contestant),
    env,
    encoding: 'utf8',
  });
  const milliseconds = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${contestant.name} ended with ${status}: ${stdout}${stderr}`);
  return milliseconds;
}

/** In a process that runs already, as the worker of a running Cadre is. */
function warm(driver: string, ...data: readonly string[]): readonly number[] {
  const args = [driver, join(place, 'cadre'), String(rounds + 3), ...data];
  const printed = execFileSync(process.execPath, args, { encoding: 'utf8', env });
  return (JSON.parse(printed) as number[]).slice(3);
}

interface Row {
  readonly name: string;
  readonly does: string;
  readonly times: readonly number[];
}

function print(
  contestants: readonly Contestant[],
  times: ReadonlyMap<string, readonly number[]>,
  more: readonly Row[],
): void {
  const rows = [
    ...contestants.map(({ name, does }) => ({ name, does, times: times.get(name) ?? [] })),
    ...more,
  ];
  const ours = median(times.get('cadre') ?? []);
  console.log(`median of ${rounds} rounds; 960 files, ${HOOKS.length} hooks, clean tree, all files\n`);
  for (const { name, does, times: own } of rows) {
    const spread = `${Math.min(...own).toFixed(0)}-${Math.max(...own).toFixed(0)}`;
    const ratio = `${(median(own) / ours).toFixed(2)} x cadre`;
    console.log(
      `${name.padEnd(24)}${median(own).toFixed(0).padStart(5)} ms ${spread.padStart(10)}  ${ratio.padEnd(13)} ${does}`,
    );
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function find(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { env, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
