import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../src/cli/testing/temporary-place.ts';
import { overHttp, overStdio, serveMcp } from './mcp/cadre-process.ts';
import { describeSandboxed } from './sandboxed.ts';

const source = join(import.meta.dirname, '../src');

/** Every file of the product in which this stands. */
function filesWith(pattern: RegExp): readonly string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .filter((path) => !/(^|\/)testing(\/|\.ts$)/.test(path))
    .filter((path) => pattern.test(readFileSync(join(source, path), 'utf8')))
    .toSorted();
}

test('[WRK-57] only the gate puts calls to workers, and only what tries a package of its author besides, which can do nothing', () => {
  expect(filesWith(/\brunner\.perform\(/)).toEqual([
    'gate/perform-call.ts',
    'workers/packaging/try-package.ts',
  ]);
  // The runner itself, its pools and processes are reached by nobody else.
  expect(filesWith(/\bpools\.use\(/)).toEqual(['workers/open-runner.ts']);
  expect(filesWith(/\bprocess\.call\(/)).toEqual(['workers/open-runner.ts']);
  expect(filesWith(/type: 'call', call\b/)).toEqual(['workers/worker-process.ts']);
  // What one of them is put together with nobody can leave out: there is one function that does all of it.
  expect(filesWith(/\bperformCall\(/)).toEqual(['gate/create-gate.ts', 'gate/perform-call.ts']);
  expect(filesWith(/\bgate\.perform\(/)).toEqual(['call-alone.ts', 'engine/perform-whole.ts']);
});

const WORKER = `id: asker
version: 0.1.0
licence: Apache-2.0
capabilities: [actions]
permissions: ["fs:read:.", "shell:git"]
entrypoint: main.js
engines: { cadre: ">=0.1.0" }
actions:
  - name: ask
    description: Asks git
    effects: [read]
    calls: ["git/status"]
    input: { type: object }
    output: { type: object, required: [branch] }
`;

const CODE = `import { defineWorker } from '@cadre/sdk';
import { serve } from '@cadre/sdk/worker';
serve(defineWorker({ id: 'asker', actions: { ask: (input, context) => context.call('git/status', input) } }));
`;

const WORKFLOW = `apiVersion: cadre/v1
kind: Workflow
metadata: { name: look }
spec:
  steps: [{ id: status, uses: git/status }]
`;

interface Entry {
  readonly name: string;
  readonly principal: string;
  /** Has `git/status` performed; the text is all that is told of it. */
  readonly enter: (place: TemporaryPlace) => Promise<string>;
  /** Who called it, if that was an action. */
  readonly calledBy?: readonly string[];
}

const said = async (tried: Promise<{ readonly stdout: string; readonly stderr: string }>) => {
  const { stdout, stderr } = await tried;
  return stdout + stderr;
};
const textOf = (result: unknown) => JSON.stringify(result);
const person = expect.stringMatching(/^user:/) as unknown as string;

const ENTRIES: readonly Entry[] = [
  {
    name: 'a step of a run',
    principal: person,
    enter: ({ cadre }) => said(cadre('run', './look.yaml', '--yes')),
  },
  {
    name: 'cadre worker call',
    principal: person,
    enter: ({ cadre }) => said(cadre('worker', 'call', 'git/status')),
  },
  {
    name: 'a tool over MCP on standard input and output',
    principal: 'mcp:editor',
    enter: async (place) =>
      textOf(
        await (await overStdio(place, '2025', '--as', 'editor')).callTool({
          name: 'git_status',
          arguments: {},
        }),
      ),
  },
  {
    name: 'a tool over MCP over HTTP',
    principal: 'mcp:http',
    enter: async (place) =>
      textOf(
        await (await overHttp(await serveMcp(place), '2026-07-28')).callTool({
          name: 'git_status',
          arguments: {},
        }),
      ),
  },
  {
    name: 'an action that calls it',
    principal: person,
    enter: ({ cadre }) => said(cadre('worker', 'call', 'asker/ask')),
    calledBy: ['asker/ask@0.1.0'],
  },
];

async function placeWith(settings: Readonly<Record<string, string>> = {}): Promise<TemporaryPlace> {
  const place = temporaryPlace({
    'look.yaml': WORKFLOW,
    '.cadre/workers/asker/worker.yaml': WORKER,
    '.cadre/workers/asker/main.js': CODE,
    '.cadre/workers/asker/package.json': '{ "type": "module" }',
    ...settings,
  });
  for (const permission of ['fs:read:.', 'shell:git']) await place.cadre('grant', 'add', 'asker', permission);
  return place;
}

async function recordOfGit(place: TemporaryPlace): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await place.cadre('audit', 'export');
  const all = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return all.filter(({ worker, operation }) => worker === 'git' && operation !== 'warm');
}

describeSandboxed('every way in', () => {
  test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    '[WRK-57] leads through the gate: %s',
    async (_, { principal, enter, calledBy }) => {
      const place = await placeWith();
      expect(await enter(place)).not.toMatch(/denied/);
      const details = calledBy === undefined ? {} : { details: expect.objectContaining({ calledBy }) };
      const record = await recordOfGit(place);
      const its = { action: 'status', principal, decision: 'allowed', ...details };
      expect(record[0]).toMatchObject({ ...its, operation: 'call' });
      expect(record).toContainEqual(
        expect.objectContaining({ ...its, operation: 'exec', permission: 'shell:git' }),
      );
      expect(record.at(-1)).toMatchObject({ ...its, operation: 'call', outcome: 'succeeded' });
    },
    120_000,
  );

  test.each(ENTRIES.map((entry) => [entry.name, entry] as const))(
    '[WRK-57] is closed by one rule of the policy: %s',
    async (_, { enter }) => {
      const place = await placeWith({ 'cadre.yaml': 'policy:\n  deny: ["shell:git"]\n' });
      expect(await enter(place)).toMatch(/policy\.deny shell:git/);
      const record = await recordOfGit(place);
      expect(record.at(-1)).not.toMatchObject({ outcome: 'succeeded' });
      expect(record).toContainEqual(expect.objectContaining({ permission: 'shell:git', decision: 'denied' }));
    },
    120_000,
  );
});
