import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, isInstalled } from '../../../../scripts/installed-program.ts';
import { connects, freePort } from './loopback.ts';

export interface RedisServer {
  readonly url: string;
  /** Ends as at a power cut. */
  kill(): Promise<void>;
  /** At the same address, and empty unless it syncs. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Whether tests that need a real server are left out: loudly, and never in CI, where one is promised. */
export function lacksRedis(): boolean {
  if (isInstalled('redis-server')) return false;
  console.warn(
    '\nSKIPPED: everything on Redis, because it is not installed (apt-get install redis-server)\n',
  );
  return true;
}

export const REDIS_PASSWORD = 'a-password-of-redis';

export interface RedisSettings {
  /** Every command waits for the disk; otherwise nothing is written there. */
  readonly sync?: boolean;
}

/** A private server on a port of the loopback, with a password. */
export async function startRedis({ sync = false }: RedisSettings = {}): Promise<RedisServer> {
  const program = findProgram('redis-server');
  if (program === undefined) throw new Error('Redis is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'cadre-redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = {
      port,
      bind: '127.0.0.1',
      save: '',
      appendonly: sync ? 'yes' : 'no',
      appendfsync: 'always',
      dir: folder,
      requirepass: REDIS_PASSWORD,
    };
    const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const dies = ['--pdeathsig', 'SIGKILL', '--', program ?? '', ...given];
    server = spawn('setpriv', dies, { stdio: 'ignore', cwd: folder });
    for (let tries = 0; !(await connects(port)); tries += 1) {
      if (tries > 400) throw new Error('the Redis server did not become ready');
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  async function kill(): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    url: `redis://:${REDIS_PASSWORD}@127.0.0.1:${port}`,
    kill,
    start,
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
