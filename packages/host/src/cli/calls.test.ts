import { expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const PATIENT = 120_000;

const manifest = (id: string, version: string, rest: string) => `id: ${id}
version: ${version}
licence: Apache-2.0
description: For tests
capabilities: [actions]
permissions: ["fs:write:."]
entrypoint: main.js
engines: { cadre: ">=0.1.0" }
${rest}`;

const action = (name: string, more: string) => `
  - name: ${name}
    description: Does it
    input: { type: object }
    output: { type: object }
    ${more}`;

const code = (id: string, actions: string) => `import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
serve(defineWorker({ id: '${id}', actions: { ${actions} } }));
`;

/** `upper` calls `lower`, which writes a file that says which version it is. */
function workers(range = '^1.0.0') {
  const lower = (version: string) => ({
    [`.cadre/workers/lower@${version}/worker.yaml`]: manifest(
      'lower',
      version,
      `actions: ${action('write', 'effects: [write]\n    preview: scratch')}`,
    ),
    [`.cadre/workers/lower@${version}/main.js`]: code(
      'lower',
      `write: async (_, { workspace }) => { await writeFile(join(workspace, 'said'), '${version}'); return { said: '${version}' }; }`,
    ),
    [`.cadre/workers/lower@${version}/package.json`]: '{ "type": "module" }',
  });
  return {
    ...lower('1.2.0'),
    ...lower('2.0.0'),
    '.cadre/workers/upper/worker.yaml': manifest(
      'upper',
      '0.1.0',
      `dependencies: { lower: "${range}" }\nactions: ${action('go', 'effects: [write]\n    preview: scratch\n    calls: ["lower/write"]')}`,
    ),
    '.cadre/workers/upper/main.js': code(
      'upper',
      `go: async ({ times = 1 }, context) => { let last; for (let i = 0; i < times; i++) last = await context.call('lower/write', { i }); return last; }`,
    ),
    '.cadre/workers/upper/package.json': '{ "type": "module" }',
  };
}

const workflow = (spec: string) =>
  `apiVersion: cadre/v1\nkind: Workflow\nmetadata: { name: up }\nspec:\n${spec}`;

async function placeWith(spec: string, range?: string): Promise<TemporaryPlace> {
  const place = temporaryPlace({ ...workers(range), 'up.yaml': workflow(spec) });
  for (const id of ['upper', 'lower@1.2.0']) await place.cadre('grant', 'add', id, 'fs:write:.');
  return place;
}

const json = async (place: TemporaryPlace, ...argv: string[]) =>
  JSON.parse((await place.cadre(...argv, '--json')).stdout);

const STEP = '  steps: [{ id: go, uses: upper/go, with: { times: 1 } }]\n';

describeSandboxed('a worker that calls another one', () => {
  test(
    '[WRK-4] [WRK-17] of several versions the one is called that it wants, and the run keeps it',
    async () => {
      const place = await placeWith(STEP);
      expect(await place.cadre('run', './up.yaml', '--yes')).toMatchObject({ code: 0 });
      const { stdout } = await place.cadre('show', 'last', '--events', '--json');
      expect(stdout).toMatch(/"(workers|versions)":\{"upper":"0\.1\.0","lower":"1\.2\.0"\}/);
      expect(stdout).toContain('"said":"1.2.0"');
      // Undone as what the step did.
      expect(await place.cadre('undo', 'last', '--yes')).toMatchObject({ code: 0 });
      expect(place.git('status', '--short')).not.toContain('said');
    },
    PATIENT,
  );

  test(
    '[WRK-37] each call is one of the actions that a budget gives, and one more than there may be is not begun',
    async () => {
      const limited = (times: number) =>
        `  budget: { actions: 3 }\n  steps: [{ id: go, uses: upper/go, with: { times: ${times} } }]\n`;
      const within = await placeWith(limited(2));
      expect(await within.cadre('run', './up.yaml', '--yes')).toMatchObject({ code: 0 });
      const { budget } = await json(within, 'show', 'last');
      expect(budget.limits).toMatchObject([{ limit: 'actions', planned: 3, used: 3 }]);
      const beyond = await placeWith(limited(5));
      expect((await beyond.cadre('run', './up.yaml', '--yes')).code).not.toBe(0);
      const { steps } = await json(beyond, 'show', 'last');
      expect(steps[0].failure).toMatchObject({ code: 'budget_exceeded', details: { limit: 'actions' } });
    },
    PATIENT,
  );

  test(
    '[WRK-17] is told of when it is looked at, validated and asked why',
    async () => {
      const place = await placeWith(STEP, '^3.0.0');
      expect((await place.cadre('worker', 'show', 'upper')).stdout).toContain('calls lower/write (^3.0.0)');
      expect((await place.cadre('worker', 'validate', '.cadre/workers/upper')).stdout).toMatch(
        /worker\.yaml.*lower is wanted in version \^3\.0\.0, there is 2\.0\.0, 1\.2\.0/,
      );
      expect((await place.cadre('worker', 'call', 'upper/go')).stderr).toMatch(
        /lower is wanted in version \^3/,
      );
      const absent = await json(place, 'worker', 'why', 'lower/write', '--called-by', 'upper/go');
      expect(absent.refused).toMatchObject({ code: 'incompatible' });
      const there = await placeWith(STEP);
      const why = await json(there, 'worker', 'why', 'lower/write', '--called-by', 'upper/go');
      expect(why.version).toBe('1.2.0');
      expect(why.sets.map(({ name }: { name: string }) => name)).toEqual(['manifest', 'upper/go']);
      expect(why.refused).toBeUndefined();
      const other = await place.cadre('worker', 'why', 'git/commit', '--called-by', 'upper/go');
      expect(other.stdout).toContain('add "git/commit" to calls of the action go in worker.yaml of upper');
    },
    PATIENT,
  );

  test(
    '[WRK-17] what it used through others counts when less is suggested',
    async () => {
      const place = await placeWith(STEP);
      await place.write({
        '.cadre/workers/asks/worker.yaml': manifest(
          'asks',
          '0.1.0',
          `actions: ${action('go', 'effects: [read]\n    calls: ["git/status"]')}`,
        ).replace('"fs:write:."', '"fs:write:.", "shell:*"'),
        '.cadre/workers/asks/main.js': code(
          'asks',
          `go: (input, context) => context.call('git/status', input)`,
        ),
        '.cadre/workers/asks/package.json': '{ "type": "module" }',
      });
      for (const permission of ['fs:write:.', 'shell:*'])
        await place.cadre('grant', 'add', 'asks', permission);
      expect(await place.cadre('worker', 'call', 'asks/go')).toMatchObject({ code: 0 });
      const why = await json(place, 'worker', 'why', 'asks/go');
      expect(why.used).toMatchObject([{ permission: 'shell:git' }]);
      expect(why.suggestions).toContain('cadre grant add asks shell:git');
      const git = await json(place, 'worker', 'why', 'git/status', '--called-by', 'asks/go');
      expect(git.used).toMatchObject([{ permission: 'shell:git' }]);
      expect(git.within).toEqual(['fs:read:.', 'shell:git']);
      expect((await json(place, 'worker', 'why', 'git/status', '--called-by', 'upper/go')).used).toEqual([]);
    },
    PATIENT,
  );
});
