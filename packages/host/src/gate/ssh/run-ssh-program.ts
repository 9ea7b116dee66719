import { execFile } from 'node:child_process';

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the programs of OpenSSH may know of the host's environment. */
const KNOWN = ['PATH', 'HOME', 'USER', 'LOGNAME', 'XDG_RUNTIME_DIR', 'SSH_AUTH_SOCK'];
/** An agent may be locked and ask its person; nobody waits longer. */
const TIMEOUT_MS = 15_000;

/** Runs a program of OpenSSH outside of the sandbox. Undefined where it is not installed. */
export function runSshProgram(
  program: 'ssh' | 'ssh-keygen' | 'ssh-add',
  args: readonly string[],
  environment: Environment,
): Promise<Ended | undefined> {
  const env = Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => KNOWN.includes(name) && value !== undefined),
  );
  return new Promise((resolve) => {
    const options = { env: { ...env, LC_ALL: 'C' }, timeout: TIMEOUT_MS };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') return resolve(undefined);
      resolve({
        code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255,
        stdout,
        stderr,
      });
    });
    child.stdin?.end();
  });
}
