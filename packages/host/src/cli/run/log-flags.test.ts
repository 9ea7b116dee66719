import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryPlace } from '../testing/temporary-place.ts';

const hello = (command: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: hello }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
    - { id: hello, run: "${command}" }
`;

describe('the log file', () => {
  test('flags say where and how it is written, and beat variables and files [HYG-35]', async () => {
    const place = temporaryPlace({
      'hello.yaml': hello('echo hello world'),
      'cadre.yaml': 'log: { level: error, format: text, file: file.log }\n',
    });
    const env = { CADRE_LOG__FILE: 'variable.log', CADRE_LOG__FORMAT: 'text' };
    const where = ['--log-file', 'out/flag.log', '--log-format', 'json', '--log-level', 'info'];
    const size = ['--log-max-bytes', '4 KiB', '--log-keep', '2'];
    const ran = await place.cadreWith(env, 'run', './hello.yaml', '--yes', ...where, ...size);
    expect(ran).toMatchObject({ code: 0 });
    const lines = readFileSync(join(place.folder, 'out/flag.log'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).message)).toContain('run.succeeded');
    expect(existsSync(join(place.home, 'logs/variable.log'))).toBe(false);
  });

  test('a folder and a name may be given by themselves, also to rerun and resume [HYG-35]', async () => {
    const place = temporaryPlace({ 'hello.yaml': hello('echo hello world') });
    await place.cadre('run', './hello.yaml', '--yes');
    expect(await place.cadre('rerun', 'last', '--yes', '--log-dir', 'logs')).toMatchObject({ code: 0 });
    expect(readFileSync(join(place.folder, 'logs/cadre.log'), 'utf8')).toContain('run.succeeded');
    expect(await place.cadre('resume', '--log-level', 'loud')).toMatchObject({ code: 2 });
  });

  test.each([
    ['--log-max-bytes', '12'],
    ['--log-max-bytes', 'much'],
    ['--log-level', 'loud'],
    ['--log-format', 'xml'],
    ['--log-keep', 'all'],
  ])('%s %s is refused before anything runs [HYG-35]', async (...flag) => {
    const place = temporaryPlace({ 'hello.yaml': hello('touch ran') });
    const { code, stderr } = await place.cadre('run', './hello.yaml', '--yes', ...flag);
    expect(code).toBe(2);
    expect(stderr).toMatch(/log|bytes/);
    expect(existsSync(join(place.folder, 'ran'))).toBe(false);
  });

  test('what fits a pattern of log.mask is in no log and in no failure, and later steps still get it [HYG-35]', async () => {
    const place = temporaryPlace({
      'cadre.yaml': "log: { mask: ['ticket-[0-9]+'] }\n",
      'hello.yaml': `${hello('echo ticket-4711')}    - { id: next, run: "test '${'${{ trim(steps.hello.output.stdout) }}'}' = ticket-$((4700 + 11))" }
    - { id: fails, run: "echo ticket-12 >&2; false" }
`,
    });
    const { code, stdout, stderr } = await place.cadre(
      'run',
      './hello.yaml',
      '--yes',
      '--json',
      '--log-dir',
      'logs',
    );
    expect(code).toBe(1);
    const { run, steps } = JSON.parse(stdout);
    expect(steps.map((step: { status: string }) => step.status)).toEqual([
      'succeeded',
      'succeeded',
      'failed',
    ]);
    const written = readFileSync(join(place.folder, 'logs/cadre.log'), 'utf8');
    const kept = await place.cadre('logs', run);
    for (const text of [stderr, written, kept.stdout, JSON.stringify(steps.at(-1).failure)]) {
      expect(text).not.toContain('ticket-');
    }
    expect(written).toContain('***');
    expect(kept.stdout).toContain('***');
  });

  test.each([
    ['(open', 'is not a regular expression'],
    ['a*', 'fits the empty text'],
    ['(?=look)', 'RE2'],
  ])('the pattern %s is refused before anything runs [HYG-35]', async (pattern, why) => {
    const place = temporaryPlace({
      'cadre.yaml': `log: { mask: ['${pattern}'] }\n`,
      'hello.yaml': hello('touch ran'),
    });
    const { code, stderr } = await place.cadre('run', './hello.yaml', '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain('log.mask');
    expect(stderr).toContain(why);
    expect(existsSync(join(place.folder, 'ran'))).toBe(false);
  });
});
