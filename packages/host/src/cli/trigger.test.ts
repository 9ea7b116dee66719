import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tryCli } from './testing.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../../docs/guide/triggers.md'), 'utf8');

let folder = '';
let repository = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-trigger-'));
  repository = join(folder, 'repository');
  mkdirSync(repository);
  execFileSync('git', ['init', '-q', repository]);
  for (const [, path = '', text = ''] of GUIDE.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g))
    write(path, text);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(repository, path)), { recursive: true });
  writeFileSync(join(repository, path), text);
}

const run = (...argv: string[]) =>
  tryCli(argv, { cwd: repository, env: { CADRE_HOME: join(folder, 'home') } });

const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).stdout);

describe('the guide', () => {
  /** Words of a line as a shell would split it. */
  const words = (line: string) =>
    [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const commands = [...GUIDE.matchAll(/^\$ cadre (.*)$/gm)].map(([, line = '']) => line);

  test('every command of it does what it says, on the files that it shows', async () => {
    expect(commands.length).toBeGreaterThan(8);
    for (const line of commands) {
      const { code, stderr, stdout } = await run(...words(line));
      expect(code, `cadre ${line}\n${stdout}${stderr}`).toBe(0);
      expect(stdout).not.toBe('');
    }
    const { triggers, broken } = await json('trigger', 'list');
    expect(broken).toEqual([]);
    expect(triggers.map((one: { trigger: { name: string } }) => one.trigger.name).sort()).toEqual([
      'docs',
      'mend',
      'nightly',
      'push',
    ]);
  }, 120_000);
});

test('[FND-77] the next ten times of a schedule are shown as its clocks and as UTC', async () => {
  const { next } = await json('trigger', 'next', 'nightly', '--count', '10');
  expect(next).toHaveLength(10);
  const { stdout } = await run('trigger', 'next', 'nightly', '--count', '2');
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\d 02:30:00 GMT\+0[12]:00 {2}\d{4}-\d\d-\d\dT0[01]:30:00\.000Z\n/);
});

test('a trigger that is run by hand starts its workflow, and history says so', async () => {
  const ran = await run('trigger', 'run', 'nightly');
  expect(ran.code, ran.stderr).toBe(0);
  const { firings } = await json('trigger', 'history');
  expect(firings).toMatchObject([{ trigger: 'nightly', status: 'succeeded', attempt: 1 }]);
  expect(await json('show', firings[0].run)).toMatchObject({});
});

test('[FND-78] what failed is dead, and replaying it runs the same again', async () => {
  write(
    '.cadre/triggers/empty.yaml',
    'apiVersion: cadre/v1\nkind: Trigger\nmetadata: { name: empty }\nspec: { on: { manual: true }, run: greet, with: { who: "${{ event.data }}" } }\n',
  );
  expect((await run('trigger', 'run', 'empty', '--data', '""')).code).toBe(1);
  const { firings } = await json('trigger', 'dead');
  expect(firings).toMatchObject([{ trigger: 'empty', status: 'dead' }]);
  expect((await run('trigger', 'replay', String(firings[0].id))).code).toBe(1);
  const { firings: after } = await json('trigger', 'history', 'empty');
  expect(after).toMatchObject([{ key: `replay:${firings[0].id}`, status: 'dead' }, { status: 'replayed' }]);
  expect((await run('trigger', 'replay', String(firings[0].id))).code).toBe(2);
});

test('what is wrong with a trigger is told with its place and what was meant', async () => {
  write(
    '.cadre/triggers/bad.yaml',
    'apiVersion: cadre/v1\nkind: Trigger\nmetadata: { name: bad }\nspec: { on: { schedule: "0 25 * * *" }, run: greet }\n',
  );
  write(
    'lost.yaml',
    'apiVersion: cadre/v1\nkind: Trigger\nmetadata: { name: lost }\nspec: { on: { manual: true }, run: gret, with: { x: 1 } }\n',
  );
  const checked = await run('trigger', 'check');
  expect(checked.code).toBe(2);
  expect(checked.stdout).toMatch(/bad\.yaml:4:25 error .*hour at position 3.*0 to 23 \[invalid_schedule\]/);
  const lost = await run('trigger', 'check', 'lost.yaml');
  expect(lost.stdout).toMatch(/spec\.run error there is no workflow "gret"/);
  const missing = await run('trigger', 'show', 'nightl');
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/did you mean nightly/) });
  expect((await run('trigger', 'run', 'bad')).code).toBe(2);
});

test.each([
  [['emit', 'run.x'], /told by Cadre itself/],
  [['emit', 'a b'], /no topic/],
  [['emit', 'a', '--data', '{'], /no JSON/],
  [['trigger', 'next', 'push'], /no schedule/],
  [['trigger', 'next', 'nightly', '--count', '0'], /--count/],
  [['trigger', 'backfill', 'nightly'], /from when/],
  [['trigger', 'backfill', 'nightly', '--from', 'soon'], /--from is a time/],
  [['trigger', 'replay', 'x'], /no number/],
  [['trigger', 'history', '--status', 'broken'], /no status/],
  [['serve', '--port', 'x'], /--port is a number/],
])('%j is refused with what to do', async (argv, said) => {
  const { code, stderr } = await run(...argv);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(said) });
});
