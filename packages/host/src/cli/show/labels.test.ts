import { expect, test } from 'vitest';
import { temporaryPlace } from '../testing/temporary-place.ts';

test('a step in a loop is shown below it, with the element that it is for', async () => {
  const place = temporaryPlace({
    'loop.yaml': `apiVersion: cadre/v1
kind: Workflow
metadata: { name: loop }
spec:
  permissions: ["shell:*"]
  steps:
    - id: each
      forEach: ["a", "b"]
      as: letter
      steps: [{ id: say, run: "true" }]
`,
  });
  const { stdout } = await place.cadre('run', './loop.yaml', '--yes');
  const names = stdout.split('\n').flatMap((line) => /^✓ (.+?) {2,}\d/.exec(line)?.[1] ?? []);
  expect(names).toEqual(['each', '  say [0]', '  say [1]']);
});
