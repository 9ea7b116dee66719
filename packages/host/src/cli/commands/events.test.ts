import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from '@cadre/sdk';
import { runAction } from '@cadre/sdk/testing';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { buildWorker } from '../../../test/worker-fixture.ts';
import { tryCli } from '../testing.ts';

const root = join(import.meta.dirname, '../../../../..');
const GUIDE = readFileSync(join(root, 'docs/guide/events.md'), 'utf8');

let folder = '';
let repository = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-events-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  execFileSync('git', ['init', '-q', repository]);
  for (const [, path = '', text = ''] of GUIDE.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (argv: readonly string[], more: Partial<Parameters<typeof tryCli>[1]> = {}) =>
  tryCli(argv, { cwd: repository, env: { CADRE_HOME: join(folder, 'home') }, ...more });

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('every command of the guide does what it says, on the file that it shows', async () => {
  const words = (line: string) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const commands = [...GUIDE.matchAll(/^\$ cadre (.*)$/gm)].map(([, line = '']) => line);
  expect(commands.length).toBeGreaterThan(8);
  const printed = new Map<string, string>();
  for (const line of commands) {
    const { code, stderr, stdout } = await run(words(line));
    expect(code, `cadre ${line}\n${stdout}${stderr}`).toBe(0);
    expect(stdout, `cadre ${line}`).not.toBe('');
    printed.set(line, stdout);
  }
  const of = (beginning: string) => [...printed].find(([line]) => line.startsWith(beginning))?.[1] ?? '';
  expect(of('events --topic')).toMatch(/emitted#1 deploy\.approved/);
  const chosen = of('events --after start').trim().split('\n');
  expect(chosen.map((line) => /#\d+ (\S+)/.exec(line)?.[1])).toEqual([
    'step.started',
    'step.succeeded',
    'run.succeeded',
  ]);
  expect(of('events replay last')).toMatch(/the store says the same of it\n$/);
  expect(lines(of('events --stream last')).map(({ number }) => number)[0]).toBe(3);
}, 120_000);

test('the worker of the guide does what the guide says of it', async () => {
  const [, text = ''] = /```js\n\/\/ worker\.mjs\n([\s\S]*?)```/.exec(GUIDE) ?? [];
  // Where its import leads to the sdk.
  const place = join(root, 'node_modules/.cache/cadre-guide');
  mkdirSync(place, { recursive: true });
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const file = join(place, `worker-${process.pid}.mjs`);
  writeFileSync(file, text);
  const { worker } = (await import(/* @vite-ignore */ file)) as { worker: Worker };
  const written = await runAction(worker, 'write', { words: ['a', 'b'] }, { workspace: repository });
  expect(written.messages.filter(({ type }) => type === 'extended')).toMatchObject([
    { piece: 'a ' },
    { piece: 'b ' },
  ]);
  const handle = { $stream: 's', contentType: 'text/plain', size: 2, sha256: '' };
  const streams = { s: Buffer.from('ab') };
  const upper = await runAction(worker, 'upper', { from: handle }, { workspace: repository, streams });
  expect(upper.streams.get('stream_1')?.toString()).toBe('AB');
});

test('[WRK-47] replaying says in what the store differs from the events, and fails', async () => {
  expect((await run(['run', 'greet', '--yes'])).code).toBe(0);
  const [file = ''] = globSync(join(folder, 'home/**/cadre.db'));
  const database = new DatabaseSync(file);
  database.exec("DROP TRIGGER runs_over; UPDATE runs SET status = 'failed', number = 99");
  database.close();
  const { code, stderr, stdout } = await run(['events', 'replay', 'last']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/differs number: its events say \d+, the store says 99/);
  expect(stdout).toMatch(/differs status: its events say succeeded, the store says failed/);
  expect(stderr).toMatch(/store_corrupt/);
}, 60_000);

test('[WRK-42] what another process does is followed, as lines that are the events themselves', async () => {
  const stop = new AbortController();
  const argv = ['events', '--follow', '--topic', 'run.**', '--after', 'start', '--json'];
  const following = run(argv, {
    interrupted: stop.signal,
    onOutput: (text) => text.includes('run.succeeded') && stop.abort('SIGINT'),
  });
  expect((await run(['run', 'greet', '--yes', '--json'])).code).toBe(0);
  const { code, stdout } = await following;
  expect(code).toBe(0);
  expect(lines(stdout).map(({ topic }) => topic)).toEqual(['run.created', 'run.started', 'run.succeeded']);
  const last = lines((await run(['events', '--stream', 'last', '--json'])).stdout).at(-1);
  expect(lines(stdout).at(-1)).toEqual(last);
}, 60_000);

test('[WRK-45] what an action hands over piece by piece is told in its order, with its end, while it goes on and after it', async () => {
  await buildWorker('streamer', join(repository, '.cadre/workers/streamer'));
  const workflow = (name: string, input: string) =>
    writeFileSync(
      join(repository, `${name}.yaml`),
      `apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: ${name} }\nspec:\n  steps:\n    - { id: says, uses: streamer/say, with: ${input} }\n`,
    );
  workflow('say', '{ parts: [a, { b: [1] }, c] }');
  workflow('break', '{ parts: [a], fail: true }');
  const streamedOf = async () => lines((await run(['events', '--stream', 'last:says:1', '--json'])).stdout);
  const stop = new AbortController();
  const following = run(['events', '--follow', '--topic', 'step.**', '--after', 'start', '--json'], {
    interrupted: stop.signal,
    onOutput: (text) => text.includes('"end":"succeeded"') && stop.abort('SIGINT'),
  });
  const said = await run(['run', './say.yaml', '--yes', '--json']);
  expect(said.code, said.stdout + said.stderr).toBe(0);
  const heard = lines((await following).stdout);
  const streamed = await streamedOf();
  const pieces = [
    { attempt: 1, index: 0, offset: 0, piece: 'a' },
    { attempt: 1, index: 1, offset: 1, piece: { b: [1] } },
    { attempt: 1, index: 2, offset: 10, piece: 'c' },
  ];
  expect(streamed.map(({ data }) => data)).toEqual([
    ...pieces,
    { attempt: 1, index: 3, offset: 11, end: 'succeeded' },
  ]);
  expect(streamed.map(({ number, topic }) => [number, topic])).toEqual(
    [1, 2, 3, 4].map((number) => [number, 'step.extended']),
  );
  // Whoever follows heard of the same.
  const topics = heard.map(({ topic }) => topic);
  expect(topics[0]).toBe('step.started');
  expect(topics.filter((topic) => topic !== 'step.extended')).toEqual(['step.started', 'step.succeeded']);
  expect(heard.filter(({ topic }) => topic === 'step.extended')).toEqual(streamed);
  expect((await run(['run', './break.yaml', '--yes', '--json'])).code).toBe(1);
  expect((await streamedOf()).map(({ data }) => data)).toEqual([
    { attempt: 1, index: 0, offset: 0, piece: 'a' },
    { attempt: 1, index: 1, offset: 1, end: 'failed' },
  ]);
}, 60_000);

test('what is asked for wrongly is refused with what to do', async () => {
  expect((await run(['run', 'greet', '--yes'])).code).toBe(0);
  const refusal = async (...argv: string[]) => {
    const { code, stderr } = await run(['events', ...argv]);
    expect(code, argv.join(' ')).toBe(2);
    return stderr;
  };
  expect(await refusal('--from', '3')).toMatch(/name one/);
  expect(await refusal('--stream', 'last', '--from', 'x')).toMatch(/from 1/);
  expect(await refusal('--topic', 'run..x')).toMatch(/pattern/);
  expect(await refusal('--filter', 'event.')).toMatch(/invalid_expression/);
  expect(await refusal('--after', 'soon')).toMatch(/no place/);
  expect(await refusal('--stream', 'run_none')).toMatch(/run_not_found/);
}, 60_000);
