import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/ports/sandbox.ts';
import { openContainerSandbox } from '../../src/sandboxes/container/open-container-sandbox.ts';
import { openSandbox } from '../../src/sandboxes/open-sandbox.ts';
import { runConfined } from '../../src/sandboxes/run-confined.ts';
import { describeContained } from '../contained.ts';
import { describeSandboxed } from '../sandboxed.ts';

/** The rows of the guide that say what each place keeps back, by the name of what is tried. */
const ROWS = {
  file: 'files that were not granted',
  environment: "Cadre's environment",
  host: "Cadre's process: to end it",
  heap: 'the memory of Cadre, when its own is full',
} as const;
type Tried = keyof typeof ROWS;

/** Of the process that plays Cadre; its own environment holds the canary. */
const HOST = `
const [kind, script, outside] = process.argv.slice(2);
const { Worker } = require('node:worker_threads');
if (kind === 'vm') {
  const got = require('node:vm').runInNewContext(
    "const process = this.constructor.constructor('return process')();" + script, { given: { outside, host: process.pid } });
  console.log(got);
} else {
  const worker = new Worker("const { parentPort, workerData: given } = require('node:worker_threads'); parentPort.postMessage((() => " + script + ")())",
    { eval: true, env: {}, workerData: { outside, host: process.pid }, resourceLimits: { maxOldGenerationSizeMb: 64 } });
  worker.once('message', (got) => console.log(got));
}`;

/** An expression; answers as text what it got through to. */
const TRY = `((fs) => {
  const read = (path) => { try { return fs.readFileSync(path, 'utf8'); } catch { return ''; } };
  const can = (what) => { try { what(); return true; } catch { return false; } };
  const places = [process.pid, process.ppid, given.host].map((pid) => read('/proc/' + pid + '/environ'));
  return JSON.stringify({
    file: read(given.outside).includes('canary'),
    environment: places.some((text) => text.includes('CANARY=canary')),
    host: can(() => process.kill(given.host, 0)),
  });
})(process.getBuiltinModule('node:fs'))`;

const FILL = `const all = []; for (;;) all.push(new Array(100_000).fill(all.length))`;

const env = { ...process.env, CANARY: 'canary' };
let root: string;
let outside: string;
let guide: string;
/** Plays Cadre for what runs in a process of its own: somebody else's, with the canary from its start on. */
let cadre: ChildProcess;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-boundaries-'));
  await chmod(root, 0o755);
  outside = join(root, 'outside.txt');
  await writeFile(outside, 'canary');
  await mkdir(join(root, 'workspace'));
  cadre = spawn('sleep', ['1000'], { env, stdio: 'ignore' });
  guide = await readFile(join(import.meta.dirname, '../../../../docs/guide/sandboxing.md'), 'utf8');
});
afterAll(async () => {
  cadre.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

const run = promisify(execFile);

/** What the guide says of a place: whether it keeps each of these back. */
function saidOf(place: string): Readonly<Record<string, boolean>> {
  const rows = guide
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const head = rows.find((cells) => cells.includes(place)) ?? [];
  const column = head.indexOf(place);
  return Object.fromEntries(
    Object.entries(ROWS).map(([tried, name]) => {
      const cell = rows.find((cells) => cells[1] === name)?.[column];
      if (cell !== 'kept' && cell !== 'open')
        throw new Error(`the guide says nothing of: ${name} (${place})`);
      return [tried, cell === 'kept'];
    }),
  );
}

const keptBack = (through: Record<Exclude<Tried, 'heap'>, boolean>, isHeapKept: boolean) => ({
  file: !through.file,
  environment: !through.environment,
  host: !through.host,
  heap: isHeapKept,
});

/** In Cadre's own process, as it were. */
async function within(kind: 'vm' | 'thread') {
  const host = (script: string) =>
    run(process.execPath, ['--max-old-space-size=128', '-e', HOST, 'host', kind, script, outside], { env });
  const { stdout } = await host(TRY);
  const survives = await host(`(() => { ${FILL} })()`).then(
    () => true,
    // A thread beyond its limit is an error of the thread, which nobody has heard of here.
    ({ stderr }: { stderr: string }) => stderr.includes('ERR_WORKER_OUT_OF_MEMORY'),
  );
  return keptBack(JSON.parse(stdout), survives);
}

async function inside(sandbox: Sandbox) {
  const workspace = join(root, 'workspace');
  const start = (script: string) =>
    runConfined(
      sandbox,
      [process.execPath, '--max-old-space-size=64', '-e', script],
      {
        confinement: { readable: [], writable: [workspace], hidden: [], programs: ['*'], hosts: [] },
        cwd: workspace,
        env: {},
        installed: [process.execPath],
      },
      60_000,
    );
  const given = JSON.stringify({ outside, host: cadre.pid });
  const { stdout } = await start(`const given = ${given}; console.log(${TRY})`);
  const { code } = await start(FILL);
  expect(code).not.toBe(0);
  return keptBack(JSON.parse(stdout), cadre.exitCode === null && cadre.signalCode === null);
}

const open = { environment: { ...env, PATH: '/nowhere' } };

test('[WRK-19] [WRK-20] a `vm` context keeps nothing back, as the guide says', async () => {
  expect(await within('vm')).toEqual(saidOf('`vm` context'));
});

test('[WRK-19] [WRK-20] a thread keeps back no more than its heap, as the guide says', async () => {
  expect(await within('thread')).toEqual(saidOf('thread'));
});

test('[WRK-19] [WRK-20] a process of its own keeps back its crashes, as the guide says', async () => {
  expect(await inside(openSandbox({ workspace: root, ...open }))).toEqual(saidOf('1 process'));
});

describeSandboxed('[WRK-19] [WRK-20] a box of the system', () => {
  test('keeps back all of it, as the guide says', async () => {
    expect(await inside(openSandbox({ workspace: root, environment: env }))).toEqual(saidOf('2 os'));
  });
});

describeContained('[WRK-19] [WRK-20] a container', () => {
  test('keeps back all of it, as the guide says', async () => {
    expect(await inside(openContainerSandbox({ workspace: root, environment: env }))).toEqual(
      saidOf('3 container'),
    );
  });
});

test('[WRK-20] on another system than Linux there is neither a box nor a container, as the guide says', async () => {
  const other = { workspace: root, environment: env, platform: 'darwin' } as const;
  for (const sandbox of [openSandbox(other), openContainerSandbox(other)]) {
    expect(await sandbox.probe()).toMatchObject({ level: 'advisory', mechanism: 'none' });
  }
  expect(guide).toMatch(/\| systems \| all \| all \| all \| Linux \| Linux \|/);
});
