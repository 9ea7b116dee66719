import { spawn } from 'node:child_process';
import { connects } from '../../../packages/host/src/testing/loopback.ts';

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
