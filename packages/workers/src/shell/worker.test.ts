import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkedWorker, manifestProblems } from '../testing/checked-worker.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { worker } from './worker.ts';

const shell = checkedWorker(import.meta.dirname, worker);

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

test('[WRK-58] the manifest and the code name the same actions, and each effect has a preview', () => {
  expect(manifestProblems(shell, worker)).toEqual([]);
});

test('a text goes through the shell, a list does not', async () => {
  const at = { workspace: temporaryFolder() };
  const text = await shell.succeed<Ran>('run', { command: 'echo $((1 + 1))' }, at);
  const list = await shell.succeed<Ran>('run', { command: ['echo', '$((1 + 1)); $(id)', "a'b"] }, at);
  expect(text.stdout).toBe('2\n');
  expect(list.stdout).toBe("$((1 + 1)); $(id) a'b\n");
});

test('a command that fails in the middle of a script fails it, and the message ends with its last 20 lines', async () => {
  const at = { workspace: temporaryFolder() };
  const command = 'for i in $(seq 30); do echo "line $i"; done\necho oops >&2\nsh -c "exit 7"\ntouch never';
  const failure = await shell.fail('run', { command }, at);
  expect(failure).toMatchObject({ code: 'command_failed', details: { code: 7 } });
  expect((failure.details as { lines: string[] }).lines).toHaveLength(20);
  expect(failure.message).toContain('oops');
  expect(failure.message).not.toContain('line 11\n');
  expect(existsSync(join(at.workspace, 'never'))).toBe(false);
});

test('a failing part of a pipe fails in bash', async () => {
  const at = { workspace: temporaryFolder() };
  expect((await shell.fail('run', { command: 'false | cat', shell: 'bash' }, at)).code).toBe(
    'command_failed',
  );
});

test('exit codes that are named are fine', async () => {
  const at = { workspace: temporaryFolder() };
  expect((await shell.succeed<Ran>('run', { command: 'exit 3', okCodes: [0, 3] }, at)).code).toBe(3);
});

test('output becomes log lines as it comes, with characters and lines whole', async () => {
  const at = { workspace: temporaryFolder() };
  const command = `printf 'gr\\303'; sleep 0.05; printf '\\274\\303\\237e\\r\\nno end'; echo err >&2`;
  const { messages } = await shell.run('run', { command }, at);
  const lines = messages.flatMap((message) =>
    message.type === 'log' ? [`${message.fields?.['stream']}: ${message.message}`] : [],
  );
  expect(lines.toSorted()).toEqual(['stderr: err', 'stdout: grüße', 'stdout: no end']);
});

test('folder, environment and input reach the program; a folder outside is refused', async () => {
  const at = { workspace: temporaryFolder() };
  await shell.succeed('run', { command: 'mkdir "a b"' }, at);
  const ran = await shell.succeed<Ran>(
    'run',
    { command: 'pwd; echo "$NAME"; cat', cwd: 'a b', env: { NAME: 'x y' }, stdin: 'in' },
    at,
  );
  expect(ran.stdout).toBe(`${at.workspace}/a b\nx y\nin`);
  expect((await shell.fail('run', { command: 'pwd', cwd: '..' }, at)).code).toBe('outside_root');
});

test('a time limit ends the program with what it started', async () => {
  const at = { workspace: temporaryFolder() };
  const command = 'sleep 60 & echo $! > pid; wait';
  const failure = await shell.fail('run', { command, timeoutMs: 300 }, at);
  expect(failure.code).toBe('timed_out');
  const pid = readFileSync(join(at.workspace, 'pid'), 'utf8').trim();
  // Gone, or dead and not yet fetched by the first process of the machine.
  const state = () => spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout.trim();
  await expect.poll(state, { timeout: 5_000 }).toMatch(/^(Z.*)?$/);
});

test('a missing program is named', async () => {
  const at = { workspace: temporaryFolder() };
  expect(await shell.fail('run', { command: ['no-such-program'] }, at)).toMatchObject({
    code: 'program_missing',
  });
});

test('[HYG-3] a plan shows the command and runs nothing', async () => {
  const at = { workspace: temporaryFolder(), mode: 'preview' as const };
  const { outcome, effects } = await shell.run('run', { command: ['touch', "it's here"] }, at);
  expect(outcome).toMatchObject({ ok: true, output: { code: null } });
  expect(effects).toMatchObject([{ kind: 'command', command: "touch 'it'\\''s here'" }]);
  expect(existsSync(join(at.workspace, "it's here"))).toBe(false);
});
