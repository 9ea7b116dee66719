import { spawn } from 'node:child_process';
import type { Failure, JsonValue } from '@cadre/sdk';

export interface ChildRun {
  readonly outcome:
    | { readonly ok: boolean; readonly output?: JsonValue; readonly failure?: Failure }
    | undefined;
  /** Greatest memory that the process held, bytes. */
  readonly peakBytes: number;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** Module of the worker. */
  readonly worker: string;
  readonly action: string;
  readonly input: object;
  readonly workspace: string;
  readonly dataDir: string;
  /** Shell commands before Node starts, such as `ulimit`. */
  readonly before?: string;
  readonly uid?: number;
  /** Told when the process runs, and given the way to kill it at once. */
  readonly onStart?: (kill: () => void) => void;
}

const SCRIPT = `
const { worker: module, action, input, ...options } = JSON.parse(process.env.CADRE_TEST_CALL);
const [{ worker }, { runAction }] = await Promise.all([import(module), import('@cadre/sdk/testing')]);
const { outcome } = await runAction(worker, action, input, options);
console.log(JSON.stringify({ outcome, peakBytes: process.resourceUsage().maxRSS * 1024 }));
`;

/** Performs an action in a process of its own, to limit, watch or kill it. */
export function runInChild(options: ChildOptions): Promise<ChildRun> {
  const { before = ':', uid, onStart, ...call } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(
      '/bin/sh',
      ['-c', `${before}; exec "$0" "$@"`, process.execPath, '--input-type=module', '-e', SCRIPT],
      {
        cwd: import.meta.dirname,
        env: { PATH: process.env['PATH'], HOME: call.dataDir, CADRE_TEST_CALL: JSON.stringify(call) },
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(uid === undefined ? {} : { uid, gid: uid }),
      },
    );
    let said = '';
    let complained = '';
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      complained += text.toString();
    });
    child.on('spawn', () => onStart?.(() => void child.kill('SIGKILL')));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (said !== '') return resolve({ ...(JSON.parse(said) as ChildRun), signal });
      if (signal !== null) return resolve({ outcome: undefined, peakBytes: 0, signal });
      reject(new Error(`the process ended with ${code}: ${complained}`));
    });
  });
}
