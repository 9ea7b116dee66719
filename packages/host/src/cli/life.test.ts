import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { until } from '../testing/until.ts';
import { temporaryPlace } from './testing/temporary-place.ts';
import { tryCli } from './testing.ts';

const manifest = (id: string, version: string) => `id: ${id}
version: ${version}
licence: Apache-2.0
capabilities: [actions]
permissions: []
entrypoint: main.js
engines: { cadre: "*" }
actions:
  - { name: go, description: Goes, effects: [none], idempotent: true, input: { type: object }, output: {} }
`;

const code = (id: string, body: string) => `import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
serve(defineWorker({ id: '${id}', actions: { go: async () => { ${body} } } }));
`;

const workflow = (uses: string) => `apiVersion: cadre/v1
kind: Workflow
metadata: { name: goes }
spec:
  steps:
    - { id: a, uses: ${uses}, retry: { attempts: 9, delay: 10ms } }
`;

const PATIENT = 120_000;

describeSandboxed('workers of a workspace', () => {
  test(
    '[WRK-12] a step that killed its worker three times waits for a person, who is told how it died and how to go on',
    async () => {
      const { cadre } = temporaryPlace({
        '.cadre/workers/killer/worker.yaml': manifest('killer', '0.1.0'),
        '.cadre/workers/killer/main.js': code('killer', 'console.error("I am leaving"); process.exit(9);'),
        'goes.yaml': workflow('killer/go'),
      });
      expect((await cadre('run', './goes.yaml', '--yes')).code).toBe(4);
      const shown = (await cadre('show', 'last')).stdout;
      expect(shown).toMatch(
        /why a waits for a decision of somebody who may answer, because its attempts died/,
      );
      expect(shown).toMatch(
        /'a' is quarantined: its worker died in 3 of 3 attempts; the last time the worker killer ended: exit code 9; it last wrote: I am leaving/,
      );
      expect(shown).toMatch(/cadre answer run_\w+ retry\|abort --step a/);
      expect(await cadre('worker', 'list')).toMatchObject({
        stdout: expect.not.stringMatching(/quarantined/),
      });
      // Cleared, it is tried once more; it may not go on as before.
      await cadre('answer', 'last', 'retry');
      await until('it was tried', async () =>
        /its worker died in 4 of 4 attempts/.test((await cadre('show', 'last')).stdout),
      );
      await cadre('answer', 'last', 'abort');
      const { stdout } = await cadre('show', 'last', '--json');
      expect(JSON.parse(stdout)).toMatchObject({ status: 'failed' });
    },
    PATIENT,
  );

  test(
    '[WRK-11] a server takes over what was saved; what cannot be used it goes on without, and says so everywhere',
    async () => {
      const { folder, home, cadre, write } = temporaryPlace({
        '.cadre/workers/greeter/worker.yaml': manifest('greeter', '0.1.0'),
        '.cadre/workers/greeter/main.js': code('greeter', 'return "one";'),
      });
      const end = new AbortController();
      const serving = tryCli(['serve', '--no-http'], {
        cwd: folder,
        env: { CADRE_HOME: home },
        interrupted: end.signal,
      });
      const prints = async (text: string, ...argv: string[]) => (await cadre(...argv)).stdout.includes(text);
      const events = ['events', '--topic', 'worker.**', '--after', 'start', '--json'];
      await until('it serves', () => prints('work:*', 'lock', 'show'));
      write({ '.cadre/workers/greeter/worker.yaml': manifest('greeter', '0.2.0') });
      await until('it is taken over', () => prints('worker.reloaded', ...events));
      write({ '.cadre/workers/greeter/worker.yaml': 'id: [' });
      await until('it is told', () => prints('worker.reload_failed', ...events));
      await until('others see it', () =>
        prints('not reloaded greeter could not be reloaded, 0.2.0 goes on: ', 'worker', 'list'),
      );
      const told = (await cadre(...events)).stdout.trim().split('\n');
      expect(told.map((line) => JSON.parse(line))).toMatchObject([
        {
          topic: 'worker.reloaded',
          data: { value: { worker: 'greeter', version: '0.2.0', before: '0.1.0' } },
        },
        {
          topic: 'worker.reload_failed',
          data: { value: { worker: 'greeter', version: '0.2.0', failure: { code: 'invalid_manifest' } } },
        },
      ]);
      end.abort('SIGTERM');
      const { stderr } = await serving;
      expect(stderr).toContain('greeter 0.2.0 is used from now on');
      expect(stderr).toContain('greeter could not be reloaded, 0.2.0 goes on');
      const [workspace = ''] = readdirSync(join(home, 'workspaces'));
      expect(readdirSync(join(home, 'workspaces', workspace, 'live'))).toEqual([]);
    },
    PATIENT,
  );
});
