import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../src/testing/until.ts';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

/** A workspace whose store is a schema of a server, for the shipped program in processes of its own. */
export interface SharedPlace {
  readonly root: string;
  readonly schema: string;
  write(path: string, text: string): void;
  /** Waits for its end; throws when it fails. */
  run(url: string, ...args: string[]): string;
  /** Goes on until it is killed. `before`: what stands in front of it. */
  start(url: string, args: readonly string[], before?: readonly string[]): ChildProcess;
  /** As `until`; fails also when something that was started has ended by itself. Says what all of them have said. */
  until(what: string, holds: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  killAll(): Promise<void>;
  close(): Promise<void>;
}

let places = 0;

export function openSharedPlace(): SharedPlace {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-shared-'));
  const root = join(folder, 'repo');
  const schema = `place${process.pid}_${++places}`;
  const children: ChildProcess[] = [];
  const output = (index: number) => join(folder, `output-${index}`);
  mkdirSync(root);
  execFileSync('git', ['init', '-q'], { cwd: root });
  const settings = (url: string) => ({
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      CADRE_HOME: join(folder, 'home'),
      CADRE_STORE__URL: url,
      CADRE_STORE__SCHEMA: schema,
    },
  });
  return {
    root,
    schema,
    write(path, text) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    run: (url, ...args) =>
      execFileSync(process.execPath, [MAIN, ...args], { ...settings(url), encoding: 'utf8', stdio: 'pipe' }),
    start(url, args, before = []) {
      const [program = '', ...rest] = [...before, process.execPath, MAIN, ...args];
      const said = openSync(output(children.length), 'w');
      const child = spawn(program, rest, { ...settings(url), stdio: ['ignore', said, said] });
      closeSync(said);
      children.push(child);
      return child;
    },
    async until(what, holds, withinMs) {
      const ended = () => children.findIndex(({ exitCode }) => exitCode !== null);
      try {
        await until(what, async () => ended() >= 0 || (await holds()), withinMs);
        if (ended() >= 0) throw new Error(`a process ended by itself before: ${what}`);
      } catch (error) {
        const said = children.map((_, index) => readFileSync(output(index), 'utf8').slice(-2_000));
        throw new Error(`${String(error)}\n${said.join('\n--\n')}`);
      }
    },
    async killAll() {
      await Promise.all(children.map(kill));
    },
    async close() {
      await Promise.all(children.map(kill));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Whether the process, or one that it has begun, runs with this in its command line. */
export function isRunningBelow({ pid }: ChildProcess, text: string): boolean {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const parents = new Map<number, number>();
  const found: number[] = [];
  for (const line of lines) {
    const [, id, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    parents.set(Number(id), Number(parent));
    if (args?.includes(text) === true) found.push(Number(id));
  }
  const isBelow = (id: number | undefined): boolean =>
    id !== undefined && (id === pid || isBelow(parents.get(id)));
  return found.some(isBelow);
}
