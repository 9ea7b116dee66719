import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasTerminal, inTerminal, KEY } from '../../testing/in-terminal.ts';
import { type Keys, tryCli } from '../testing.ts';

const cadre = join(import.meta.dirname, '../../../bin/cadre.js');
let folder = '';
let home = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-interview-')));
  home = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-interview-home-')));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
  git('init', '--initial-branch=work');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.org');
  writeFileSync(join(folder, 'a.txt'), 'one   \n');
  git('add', '-A');
  git('commit', '-m', 'start');
});
afterEach(() => {
  for (const made of [folder, home]) rmSync(made, { recursive: true, force: true });
});

const here = () => ({ cwd: folder, env: { CADRE_HOME: home } });

const ask = (answers: readonly Keys[], ...more: string[]) =>
  tryCli(['run', 'hygiene', '--interactive', ...more], { ...here(), answers });

const QUESTIONS = [
  /Which profile\?/,
  /Which steps\?/,
  /What shall hold\?/,
  /fail the scan/,
  /every change/,
  /listens at that address/,
  /And then\?/,
  /Go on\?/,
] as const;

/** The first so many questions, each left as it stands. */
const upTo = (count: number) => QUESTIONS.slice(0, count).map((question) => [question, KEY.enter] as const);

const ANSWERED: readonly (readonly [RegExp, string])[] = [
  ...upTo(2),
  // The first switch: check.
  [QUESTIONS[2], KEY.space + KEY.enter],
  ...upTo(6).slice(3),
  [QUESTIONS[6], KEY.down + KEY.enter],
  [QUESTIONS[7], KEY.down + KEY.enter],
  [/called\?/, KEY.enter],
];

describe('cadre run --interactive', () => {
  test.runIf(hasTerminal)(
    'asks in a real terminal, and keeps the answers as a profile [HYG-37]',
    async () => {
      const command = [process.execPath, cadre, 'run', 'hygiene', '--interactive'];
      const { code, text } = await inTerminal(command, ANSWERED, here());
      expect(text).toContain('cadre run hygiene --profile standard --check --plan');
      expect(code).toBe(0);
      expect(readFileSync(join(folder, 'cadre.yaml'), 'utf8')).toContain('mine');
    },
    120_000,
  );

  test('asks, shows what the answers come to, and keeps them as a profile [HYG-37]', async () => {
    const { code, stdout: text } = await ask(ANSWERED);
    expect(text).toContain('cadre run hygiene --profile standard --check --plan');
    expect(text).toContain('no earlier run');
    expect(text).toContain('Nothing was changed: this was the plan');
    expect(code).toBe(0);
    const { stdout } = await tryCli(['hygiene', 'profiles', '--json'], here());
    expect(JSON.parse(stdout).profiles.mine).toEqual({ extends: 'standard', inputs: { check: true } });
  }, 120_000);

  test.each(QUESTIONS.map((question, index) => [question.source, index] as const))(
    'an interrupt at %s changes nothing and is exit 130 [HYG-37]',
    async (_, index) => {
      const { code } = await ask([...upTo(index), [QUESTIONS[index] ?? /never/, KEY.interrupt]]);
      expect(code).toBe(130);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('one   \n');
      expect(existsSync(join(folder, 'cadre.yaml'))).toBe(false);
      expect((await tryCli(['runs', '--plans'], here())).stdout).toContain('No runs yet');
    },
    60_000,
  );

  test('an interrupt at the name of the profile keeps nothing either [HYG-37]', async () => {
    const { code } = await ask([
      ...upTo(7),
      [QUESTIONS[7], KEY.down + KEY.enter],
      [/called\?/, KEY.interrupt],
    ]);
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'cadre.yaml'))).toBe(false);
  }, 60_000);

  test('what was typed is where the questions stand, and earlier runs say how long it takes [HYG-37]', async () => {
    await tryCli(['run', 'hygiene', '--steps', 'format', '--plan'], here());
    const typed = ['--steps', 'format', '--no-security', '--plan'];
    const { code, stdout: text } = await ask([...upTo(7), [QUESTIONS[7], KEY.enter]], ...typed);
    expect(text).toContain('cadre run hygiene --profile standard --no-security --plan');
    expect(text).toMatch(/about \d.*by 1 earlier run/);
    // Only the step that was typed was planned.
    expect(text).toContain('Format');
    expect(text).not.toContain('Back up  ');
    expect(code).toBe(0);
  }, 120_000);
});

test('without a terminal it is refused, and nothing runs', async () => {
  const { code, stderr } = await tryCli(['run', 'hygiene', '-i'], here());
  expect(code).toBe(2);
  expect(stderr).toContain('terminal');
});
