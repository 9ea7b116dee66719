import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * How long commands that only look take from start to end, beside Node doing nothing. Rounds are interleaved, so that what
 * else the machine does hits all of them; the minimum is what a quiet machine shows. Needs `npm run build`.
 */
const rounds = Number(process.argv[2] ?? 20);
const cadre = join(dirname(fileURLToPath(import.meta.url)), '../../packages/host/bin/cadre.js');
const root = mkdtempSync(join(tmpdir(), 'cadre-start-'));
const home = join(root, 'home');
const nothing = join(root, 'nothing.mjs');

const WORKFLOW = (name: string, steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: ${name} }
spec:
  permissions: ["fs:read:.", "shell:*"]
  steps:
${steps}
`;

function start(args: readonly string[]): { ms: number; stdout: string } {
  const began = performance.now();
  const { stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'], HOME: root, CADRE_HOME: home },
    encoding: 'utf8',
  });
  return { ms: performance.now() - began, stdout };
}

/** A run that waits for an answer and that no process holds: what there is to cancel at once. */
function waitingRun(): string {
  return String(JSON.parse(start([cadre, 'run', './ask.yaml', '--yes', '--json']).stdout).run);
}

try {
  writeFileSync(nothing, '');
  writeFileSync(join(root, 'hello.yaml'), WORKFLOW('hello', '    - { id: hello, run: echo hello }'));
  const question = '    - { id: ask, approval: { prompt: "Go on?", timeout: 1h, default: deny } }';
  writeFileSync(join(root, 'ask.yaml'), WORKFLOW('ask', question));
  for (let run = 0; run < 3; run += 1) start([cadre, 'run', './hello.yaml', '--yes']);

  const commands: readonly (readonly [name: string, args: () => readonly string[]])[] = [
    ['(node alone)', () => [nothing]],
    ['--version', () => [cadre, '--version']],
    ['--help', () => [cadre, '--help']],
    ['runs', () => [cadre, 'runs']],
    ['show', () => [cadre, 'show']],
    ['logs', () => [cadre, 'logs']],
    ['lock show', () => [cadre, 'lock', 'show']],
    ['grant list', () => [cadre, 'grant', 'list']],
    ['cancel', () => [cadre, 'cancel', waiting.pop() ?? '']],
    ['workers', () => [cadre, 'workers']],
    ['config get', () => [cadre, 'config', 'get', 'hygiene.coverage']],
  ];
  const waiting = Array.from({ length: rounds }, waitingRun);
  const times = new Map(commands.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, args] of commands) times.get(name)?.push(start(args()).ms);
  }
  const least = (name: string) => Math.min(...(times.get(name) ?? []));
  const median = (name: string) => times.get(name)?.toSorted((a, b) => a - b)[rounds >> 1] ?? 0;
  console.log(`${rounds} rounds          least   median   times node`);
  for (const [name] of commands) {
    const ratio = (least(name) / least('(node alone)')).toFixed(2);
    const [low, middle] = [least(name), median(name)].map((ms) => `${ms.toFixed(0)} ms`);
    console.log(`${name.padEnd(16)} ${low?.padStart(8)} ${middle?.padStart(8)} ${ratio.padStart(8)}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
