import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram, isInstalled } from '../../../../scripts/installed-program.ts';
import { connects } from './loopback.ts';

export interface PostgresServer {
  /** Of a database that is there; its schemas are for the taking. */
  readonly url: string;
  /** Ends as at a power cut: nothing is said to anybody. */
  kill(): Promise<void>;
  /** Ends in order; connections are cut. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
}

const PORT = 5432;

/** Whether tests that need a real server are left out: loudly, and never in CI, where one is promised. */
export function lacksPostgres(): boolean {
  if (isInstalled('initdb')) return false;
  console.warn(
    '\nSKIPPED: everything on PostgreSQL, because it is not installed (apt-get install postgresql)\n',
  );
  return true;
}

function findPostgres(): string | undefined {
  const initdb = findProgram('initdb');
  return initdb === undefined ? undefined : dirname(initdb);
}

export interface PostgresSettings {
  /** Commits wait for the disk. */
  readonly sync?: boolean;
  /** Reached at this address too, and not by its socket alone. */
  readonly address?: string;
}

/** A private server in a temporary folder. */
export async function startPostgres({
  sync = false,
  address,
}: PostgresSettings = {}): Promise<PostgresServer> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'cadre-pg-'));
  const as = otherThanRoot(folder);
  const data = join(folder, 'data');
  execFileSync(
    as[0] ?? '',
    [...as.slice(1), join(bin, 'initdb'), '-D', data, '-U', 'cadre', '-A', 'trust', '-N'],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: folder,
    },
  );
  if (address !== undefined) appendFileSync(join(data, 'pg_hba.conf'), 'host all all samenet trust\n');
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = {
      listen_addresses: address ?? '',
      unix_socket_directories: folder,
      port: PORT,
      fsync: sync ? 'on' : 'off',
      max_connections: 100,
      log_min_messages: 'panic',
    };
    const options = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    server = spawn(as[0] ?? '', [...as.slice(1), join(bin ?? '', 'postgres'), '-D', data, ...options], {
      stdio: 'ignore',
      cwd: folder,
    });
    await untilReady(join(bin ?? '', 'pg_isready'), folder);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const running = server;
    server = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }

  await start();
  return {
    url: `postgres://cadre@/postgres?host=${encodeURIComponent(folder)}`,
    start,
    kill: () => end('SIGQUIT'),
    stop: () => end('SIGINT'),
    async close() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server refuses root; and it ends when the test that started it dies. */
function otherThanRoot(folder: string): string[] {
  const dies = ['setpriv', '--pdeathsig', 'SIGQUIT'];
  if (process.getuid?.() !== 0) return [...dies, '--'];
  const id = (what: string) => Number(execFileSync('id', [what, 'nobody'], { encoding: 'utf8' }));
  const [user, group] = [id('-u'), id('-g')];
  chownSync(folder, user, group);
  return [...dies, `--reuid=${user}`, `--regid=${group}`, '--clear-groups', '--'];
}

async function untilReady(program: string, folder: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await connects(join(folder, `.s.PGSQL.${PORT}`))) {
      try {
        execFileSync(program, ['-h', folder, '-p', String(PORT), '-q']);
        return;
      } catch {
        // It starts, and takes nobody yet.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the PostgreSQL server did not become ready');
}
