import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CliPlace, emptyFolder, placeAt, repositoryWith, writeAll } from '../../../test/cli-place.ts';
import { tryCli } from '../testing.ts';

const workflow = (steps: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ["fs:read:.", "fs:write:.", "shell:*"]
  steps:
${steps}
`;

const LONG = workflow('    - { id: long, run: "touch begun; while [ ! -e go ]; do sleep 0.05; done" }');
const ASKS = workflow(`    - { id: ask, approval: { prompt: "Go on?", timeout: 1h, default: deny } }
    - { id: after, if: "\${{ steps.ask.output.approved }}", run: echo approved }`);

const begun = ({ cwd }: CliPlace) =>
  expect.poll(() => existsSync(join(cwd, 'begun')), { timeout: 20_000 }).toBe(true);

describe('a run that is under way', () => {
  test('is cancelled from elsewhere, and who waits for it is told', async () => {
    const place = placeAt(repositoryWith({ 'f.yaml': LONG }));
    const running = tryCli(['run', './f.yaml', '--yes'], place);
    await begun(place);
    expect(await tryCli(['lock', 'show'], place)).toMatchObject({
      stdout: expect.stringMatching(/workflow:sample.*held/),
    });
    expect(await tryCli(['lock', 'release', 'workflow:nothing'], place)).toMatchObject({ code: 2 });
    expect(await tryCli(['lock', 'release', 'workflow:sample'], place)).toMatchObject({ code: 3 });
    expect((await tryCli(['doctor'], place)).stdout).toContain('lease workflow:sample');

    const cancelled = await tryCli(['cancel', 'last', '--reason', 'not now'], place);

    expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringContaining('cancelled') });
    expect(await running).toMatchObject({ code: 130 });
    expect((await tryCli(['lock', 'show'], place)).stdout).toContain('Nobody holds anything');
  });

  test('is waited for with --lock-wait, and then the next one begins', async () => {
    const place = placeAt(repositoryWith({ 'f.yaml': LONG }));
    const first = tryCli(['run', './f.yaml', '--yes'], place);
    await begun(place);
    const second = tryCli(['run', './f.yaml', '--yes', '--lock-wait', '60'], place);
    writeAll(place.cwd, { go: '' });
    expect(await first).toMatchObject({ code: 0 });
    expect(await second).toMatchObject({ code: 0 });
  });
});

describe('a run that asks', () => {
  test('takes an answer once, from those there are, and says so when it waits for none', async () => {
    const place = placeAt(repositoryWith({ 'a.yaml': ASKS }));
    const cadre = (...argv: string[]) => tryCli(argv, place);
    await cadre('run', './a.yaml', '--yes');

    expect(await cadre('answer', 'last', 'perhaps')).toMatchObject({ code: 2 });
    expect(await cadre('answer', 'last', 'allow', '--step', 'other')).toMatchObject({ code: 2 });
    expect(await cadre('answer', 'last', 'allow', '--data', '{')).toMatchObject({ code: 2 });
    expect(await cadre('answer', 'last', 'deny', '--step', 'ask')).toMatchObject({ code: 0 });
    expect(await cadre('answer', 'last', 'allow')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('waits for no answer'),
    });
    expect((await cadre('logs', 'last')).stdout).not.toContain('approved');
  });

  test('may be given up, and resume then has nothing to go on with', async () => {
    const place = placeAt(repositoryWith({ 'a.yaml': ASKS }));
    const { stdout } = await tryCli(['run', './a.yaml', '--yes', '--json'], place);
    const { run } = JSON.parse(stdout);
    expect(await tryCli(['resume', run], place)).toMatchObject({ code: 4 });
    expect(await tryCli(['cancel', run], place)).toMatchObject({ code: 0 });
    expect((await tryCli(['resume'], place)).stdout).toContain('No run is waiting');
    expect(await tryCli(['resume', run], place)).toMatchObject({ code: 130 });
  });
});

describe('a run that waits', () => {
  test('for several people is answered step by step, and a question can be handed on', async () => {
    const asks = workflow(`    - id: both
      parallel:
        - { id: one, approval: { prompt: "One?", timeout: 1h, default: deny } }
        - { id: two, approval: { prompt: "Two?", timeout: 1h, default: deny } }`);
    const place = placeAt(repositoryWith({ 'a.yaml': asks }));
    const cadre = (...argv: string[]) => tryCli(argv, place);
    await cadre('run', './a.yaml', '--yes');
    const shown = (await cadre('show', 'last')).stdout;
    const named = [...shown.matchAll(/--step ([\w/]+)/g)].map((match) => match[1]);
    const [one = '', two = ''] = [...new Set(named)];

    expect(await cadre('answer', 'last', 'allow')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`--step ${one} or --step ${two}`),
    });
    expect(await cadre('answer', 'last', '--delegate', 'somebody', '--step', two)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('now asks somebody'),
    });
    expect(await cadre('answer', 'last', 'allow', '--step', one)).toMatchObject({ code: 4 });
  });

  test('for an event goes on when the event is told', async () => {
    const waits = workflow(`    - { id: w, wait: { event: build.finished, timeout: 1h } }
    - { id: after, run: echo went on }`);
    const place = placeAt(repositoryWith({ 'w.yaml': waits }));
    const cadre = (...argv: string[]) => tryCli(argv, place);
    const running = cadre('run', './w.yaml', '--yes', '--json');
    await expect
      .poll(async () => (await cadre('show', 'last')).stdout, { timeout: 30_000, interval: 500 })
      .toContain('waiting');
    expect(await cadre('signal', 'last', 'build.finished', '--data', '{')).toMatchObject({ code: 2 });
    expect(await cadre('signal', 'last', 'build.finished', '--data', '{"ok":true}')).toMatchObject({
      code: 0,
    });
    expect(await running).toMatchObject({ code: 0, stdout: expect.stringContaining('went on') });
  });
});

describe('the files of a run', () => {
  test('are those that changed, where that is asked for', async () => {
    const files = { 'a.js': 'let a = 1;  \n', 'b.js': 'let b = 1;  \n' };
    const place = placeAt(repositoryWith(files));
    writeAll(place.cwd, { 'a.js': 'let a = 2;  \n' });
    const args = ['hygiene', '--plan', '--json', '--steps', 'format', '--only-changed'];
    const { steps } = JSON.parse((await tryCli(args, place)).stdout);
    expect(steps.find(({ step }: { step: string }) => step === 'format')).toMatchObject({
      output: { changes: [{ path: 'a.js' }] },
    });
  });

  test('cannot be chosen so where there is no repository', async () => {
    const ran = await tryCli(['hygiene', '--plan', '--only-changed'], placeAt(emptyFolder()));
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('git repository') });
  });
});
