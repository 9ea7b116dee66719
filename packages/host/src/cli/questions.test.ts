import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { KEY } from '../testing/in-terminal.ts';
import { temporaryPlace } from './testing/temporary-place.ts';
import type { Keys } from './testing.ts';

const workflow = (
  steps: string,
  permissions = '["fs:read:.", "fs:write:.", "shell:*"]',
) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: sample }
spec:
  permissions: ${permissions}
  steps:
${steps}
`;

const placeWith = (steps: string, permissions?: string) =>
  temporaryPlace({ 'sample.yaml': workflow(steps, permissions), 'a.js': 'let a;   \n' });

describe('at a terminal', () => {
  test('a plan is shown and applied after a yes, and after a no nothing has changed', async () => {
    const place = placeWith('    - { id: tidy, uses: code/format }');
    const said = (keys: string) => place.cadreTyping([[/Apply this plan/, keys]], 'run', './sample.yaml');
    const text = () => readFileSync(join(place.folder, 'a.js'), 'utf8');
    expect(await said(`n`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing was changed.'),
    });
    expect(await said(KEY.interrupt)).toMatchObject({ code: 130 });
    expect(text()).toBe('let a;   \n');
    expect(await said(KEY.enter)).toMatchObject({ code: 0 });
    expect(text()).toBe('let a;\n');
  });

  test('files that changed while the plan was read bring a new plan and a new question', async () => {
    const place = placeWith('    - { id: tidy, uses: code/format }');
    const meanwhile = () => {
      place.write({ 'a.js': 'let b;   \n' });
      return KEY.enter;
    };
    const answers: readonly Keys[] = [
      [/Apply this plan/, meanwhile],
      [/changed_meanwhile[\s\S]*Apply this plan/, KEY.enter],
    ];
    const { code } = await place.cadreTyping(answers, 'run', './sample.yaml');
    expect(code).toBe(0);
    expect(readFileSync(join(place.folder, 'a.js'), 'utf8')).toBe('let b;\n');
  });

  test.each([
    ['once', KEY.up.repeat(4) + KEY.enter, 0, /No grants/],
    ['always in this workspace', KEY.up.repeat(2) + KEY.enter, 0, /shell[\s\S]*workspace/],
    ['always in all workspaces', KEY.up + KEY.enter, 0, /shell[\s\S]*everywhere/],
    ['not at all', KEY.enter, 4, /No grants/],
    ['never, by turning away', KEY.interrupt, 4, /No grants/],
  ] as const)('what a policy asks about is allowed %s', async (_, keys, code, grants) => {
    const place = placeWith('    - { id: mark, run: touch mark }');
    place.write({ 'cadre.yaml': 'policy: { ask: ["shell:*"] }\n' });
    const ran = await place.cadreTyping([[/step mark/, keys]], 'run', './sample.yaml', '--yes');
    expect(ran.code).toBe(code);
    expect(existsSync(join(place.folder, 'mark'))).toBe(code === 0);
    expect((await place.cadre('grant', 'list')).stdout).toMatch(grants);
  });

  test('an approval with a form asks for each property, and takes no text for a number', async () => {
    const place = placeWith(`    - id: ask
      approval:
        prompt: Deploy?
        form:
          type: object
          properties:
            count: { type: integer, default: 2 }
            ring: { enum: [canary, all] }
            loud: { type: boolean }
    - { id: note, run: "echo \${{ json(steps.ask.output.data) }} > said" }
`);
    const ran = await place.cadreTyping(
      [
        [/Deploy\?/, 'y'],
        [/count/, `x${KEY.enter}`],
        [/a number, please/, `${KEY.backspace}1${KEY.enter}`],
        [/ring/, KEY.down + KEY.enter],
        [/loud/, 'y'],
      ],
      'run',
      './sample.yaml',
      '--yes',
    );
    expect(ran).toMatchObject({ code: 0 });
    const { steps } = JSON.parse((await place.cadre('show', 'last', '--json')).stdout);
    expect(steps[0].output).toMatchObject({ approved: true, data: { count: 21, ring: 'all', loud: true } });
  });
});
