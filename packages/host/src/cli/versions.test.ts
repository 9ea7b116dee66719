import { expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const PATIENT = 120_000;

/** A worker that writes a file which says in which version it was written. */
const counter = (version: string) => ({
  [`.cadre/workers/cnt@${version}/worker.yaml`]: `id: cnt
version: ${version}
licence: Apache-2.0
description: For tests
capabilities: [actions]
permissions: ["fs:write:."]
entrypoint: main.js
engines: { cadre: ">=0.1.0" }
actions:
  - name: count
    description: Counts
    input: { type: object }
    output: { type: object }
    effects: [write]
    preview: scratch
`,
  [`.cadre/workers/cnt@${version}/package.json`]: '{ "type": "module" }',
  [`.cadre/workers/cnt@${version}/main.js`]: `import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
serve(defineWorker({ id: 'cnt', actions: {
  count: async (_, { workspace }) => { await writeFile(join(workspace, 'said'), '${version}'); return { said: '${version}' }; },
} }));
`,
});

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: two }
spec:
  steps:
    - { id: b, uses: cnt/count@^3 }
    - { id: ask, approval: { prompt: "Go on?" } }
    - { id: a, uses: cnt/count@^1 }
    - { id: c, uses: cnt/count@^3 }
`;

const json = async (place: TemporaryPlace, ...argv: string[]) =>
  JSON.parse((await place.cadre(...argv, '--json')).stdout);

describeSandboxed('two versions of a worker side by side', () => {
  test(
    '[WRK-4] each step of a run gets its own, and after an upgrade still the one that the run began with',
    async () => {
      const place = temporaryPlace({ ...counter('1.0.0'), ...counter('3.0.0'), 'two.yaml': WORKFLOW });
      for (const name of ['cnt@1.0.0', 'cnt@3.0.0']) await place.cadre('grant', 'add', name, 'fs:write:.');
      await place.cadre('run', './two.yaml', '--yes');
      place.write(counter('1.1.0'));
      await place.cadre('grant', 'add', 'cnt@1.1.0', 'fs:write:.');
      expect(await place.cadre('answer', 'last', 'allow')).toMatchObject({ code: 0 });
      const { stdout } = await place.cadre('show', 'last', '--events', '--json');
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(stdout).toContain('{"cnt":["3.0.0","1.0.0"]}');
      expect(
        events
          .filter(({ type }) => type === 'step.succeeded')
          .map(({ step, output }) => [step, output?.said]),
      ).toEqual([
        ['b', '3.0.0'],
        ['ask', undefined],
        ['a', '1.0.0'],
        ['c', '3.0.0'],
      ]);
    },
    PATIENT,
  );

  test(
    '[WRK-16] a refusal names the version that it is of, and what it says to do allows it',
    async () => {
      const place = temporaryPlace({ ...counter('1.0.0'), ...counter('3.0.0'), 'two.yaml': WORKFLOW });
      const { stdout: lacking } = await place.cadre('check', './two.yaml');
      expect(lacking.match(/cadre grant add .*/g)).toEqual([
        'cadre grant add cnt fs:write:.',
        'cadre grant add cnt@1.0.0 fs:write:.',
      ]);
      const newest = await place.cadre('grant', 'add', 'cnt', 'fs:write:.');
      expect(newest.stdout).toContain('cnt 3.0.0 may fs:write:.');
      expect((await place.cadre('worker', 'call', 'cnt/count@^3', '--json')).code).toBe(0);

      const refused = await place.cadre('worker', 'call', 'cnt/count@^1', '--json');
      expect(refused.code).toBe(4);
      expect(refused.stdout).toContain('"cadre grant add cnt@1.0.0 fs:write:.');
      // The grant of 3.0.0 was never one for this version.
      expect(refused.stdout).not.toContain('has changed since');
      const why = await json(place, 'worker', 'why', 'cnt/count@^1');
      expect(why.decisions).toMatchObject([{ fix: 'cadre grant add cnt@1.0.0 fs:write:.' }]);

      const other = await place.cadre('grant', 'add', 'cnt@1.0.0', 'fs:write:.');
      expect(other.stdout).toContain('cnt 1.0.0 may fs:write:.');
      expect((await place.cadre('worker', 'call', 'cnt/count@^1', '--json')).code).toBe(0);

      // What has changed in one of them is still told of, to that one only.
      place.write({ '.cadre/workers/cnt@1.0.0/more.js': '' });
      const changed = await place.cadre('worker', 'call', 'cnt/count@^1', '--json');
      expect(changed.stdout).toContain('its manifest or code has changed since grant');
      const [{ id }] = (await json(place, 'grant', 'list')).grants.filter(
        ({ versions }: { versions: string }) => versions === '^3.0.0',
      );
      await place.cadre('grant', 'revoke', id);
      const third = await place.cadre('worker', 'call', 'cnt/count@^3', '--json');
      expect(third.stdout).toContain('"cadre grant add cnt fs:write:.');
      expect(third.stdout).not.toContain('has changed since');
    },
    PATIENT,
  );

  test('[WRK-16] where there is one version only, it is named by its id', async () => {
    const place = temporaryPlace(counter('1.0.0'));
    const refused = await place.cadre('worker', 'call', 'cnt/count', '--json');
    expect(refused.stdout).toContain('"cadre grant add cnt fs:write:.');
    expect((await place.cadre('grant', 'add', 'cnt', 'fs:write:.')).stdout).toMatch(/^cnt may /);
  });
});
