import { spawn } from 'node:child_process';
import { type AddressInfo, createConnection, createServer } from 'node:net';

export interface StartedServer {
  close(): Promise<void>;
}

export interface ServerToStart {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Ready when something answers here. */
  readonly port: number;
}

/** A private server, which ends with this process. */
export async function startServer({
  program,
  args,
  folder,
  environment,
  port,
}: ServerToStart): Promise<StartedServer> {
  const server = spawn('setpriv', ['--pdeathsig', 'SIGKILL', '--', program, ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  for (let tries = 0; !(await connects(port)); tries += 1) {
    if (tries > 400 || server.exitCode !== null) throw new Error(`${program} did not become ready`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    async close() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(port, '127.0.0.1');
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
