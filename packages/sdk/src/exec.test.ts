import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecOptions } from './context.ts';
import { execute } from './exec.ts';
import { ActionError } from './failure.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cadre-exec-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function sh(script: string, options: ExecOptions = {}, signal = new AbortController().signal) {
  const env = { PATH: process.env['PATH'] ?? '', ...options.env };
  return execute('/bin/sh', ['-c', script], { cwd: folder, ...options, env, signal });
}

/** A process that has ended may stay in the list until its new parent looks at it: that one is not alive. */
async function isAlive(pid: string): Promise<boolean> {
  // Of no process at all there is a file as well: /proc/stat.
  expect(pid).toMatch(/^\d+\n$/);
  const state = await readFile(`/proc/${pid.trim()}/stat`, 'utf8').catch(() => '');
  return state !== '' && !/^\d+ \(.*\) [ZX]/.test(state);
}

/** However long a busy machine takes to begin a process or to end one. */
const PATIENT = { timeout: 20_000 };

describe('running a program', () => {
  test('answers output and exit code, also when it is not 0', async () => {
    expect(await sh('cat; echo err >&2; exit 3', { stdin: 'in é\n' })).toMatchObject({
      code: 3,
      stdout: 'in é\n',
      stderr: 'err\n',
      timedOut: false,
      truncated: false,
    });
  });

  test('a signal that ended it is 128 and its number', async () => {
    expect(await sh('kill -TERM $$')).toMatchObject({ code: 143 });
  });

  test('keeps no more output than allowed, and says so', async () => {
    const { stdout, truncated } = await sh('yes | head -c 100000', { maxOutputBytes: 10 });
    expect({ stdout, truncated }).toEqual({ stdout: 'y\ny\ny\ny\ny\n', truncated: true });
  });

  test('tells output as it comes', async () => {
    const heard: string[] = [];
    await sh('echo a; echo b >&2', { onOutput: (stream, text) => heard.push(`${stream} ${text}`) });
    expect(heard.sort()).toEqual(['stderr b\n', 'stdout a\n']);
  });

  test('[WRK-38] its time being up ends it with everything that it started', async () => {
    const inTime = (timeoutMs: number) => sh('sleep 1000 & echo $!; wait', { timeoutMs });
    let completed = await inTime(200);
    // On a busy machine its time may be up before it has started anything.
    for (let timeoutMs = 400; completed.stdout === ''; timeoutMs *= 2) completed = await inTime(timeoutMs);
    expect(completed.timedOut).toBe(true);
    await expect.poll(() => isAlive(completed.stdout), PATIENT).toBe(false);
  }, 60_000);

  test('[WRK-38] what stays behind in its group is ended with it', async () => {
    const { stdout } = await sh('sleep 1000 >/dev/null 2>&1 & echo $!');
    await expect.poll(() => isAlive(stdout), PATIENT).toBe(false);
  }, 60_000);

  test('[WRK-38] cancelling ends it, also when it does not listen', async () => {
    const controller = new AbortController();
    const running = sh(
      'trap "" TERM; echo ready; while :; do sleep 1; done',
      { onOutput: () => controller.abort() },
      controller.signal,
    );
    await expect(running).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    await expect(sh('true', {}, AbortSignal.abort())).rejects.toMatchObject({
      failure: { code: 'cancelled' },
    });
  });

  test('a program that is not there is a failure with a hint', async () => {
    const signal = new AbortController().signal;
    const missing = execute(join(folder, 'none'), [], { cwd: folder, env: {}, signal });
    await expect(missing).rejects.toBeInstanceOf(ActionError);
    await expect(missing).rejects.toMatchObject({ failure: { code: 'program_missing' } });
  });

  test('a program that does not read its input ends without harm', async () => {
    expect(await sh('exit 0', { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
  });
});
