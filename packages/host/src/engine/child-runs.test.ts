import { formatPermission, intersect, parsePermission } from '@cadre/core';
import { failure } from '@cadre/sdk';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sampleAction, sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { succeed, untilStopped } from '../testing/scripted-gate.ts';
import { openWorld, runSample, startSample, type World } from './testing/world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const inner = sampleWorkflow([sampleAction('work', {}, { n: '${{ inputs.n }}' })], {
  name: 'inner',
  inputs: { n: { type: 'integer' } },
  outputs: { got: '${{ steps.work.output }}' },
});
const outer = sampleWorkflow(
  [sampleStep('sub', { kind: 'workflow', workflow: 'inner', with: { n: 7 } }), sampleAction('after')],
  { outputs: { all: '${{ steps.sub.output }}' } },
);
const workflows = { inner, outer };

test('[WRK-30] a step may be a run of its own: with a journal of its own, its outputs are the output of the step', async () => {
  const { engine, gate } = await world.process({ 'sample/work': {}, 'sample/after': {} }, { workflows });
  const id = await startSample(engine, outer);
  expect(await engine.settled(id)).toMatchObject({
    status: 'succeeded',
    output: { all: { got: 'sample/work' } },
  });
  const { runs } = await engine.list({ workflow: 'inner' });
  expect(runs).toMatchObject([{ status: 'succeeded', workflow: 'inner' }]);
  const child = await engine.get(runs[0]?.id ?? '');
  expect(child.state.trigger).toEqual({ kind: 'workflow', run: id, step: 'sub', root: id, depth: 1 });
  expect(gate.calls.map((call) => [call.run === id, call.root, call.step, call.input])).toEqual([
    [false, id, 'work', { n: 7 }],
    [true, undefined, 'after', {}],
  ]);
});

test('what a run allows holds for the runs inside it', async () => {
  const { engine, gate } = await world.process({ 'sample/work': {}, 'sample/after': {} }, { workflows });
  await runSample(engine, { ...outer, permissions: ['fs:read:.'] });
  expect(gate.calls[0]?.permissionSets).toEqual([['fs:read:.']]);
});

test('[WRK-17] along a chain of runs inside runs each narrows, and none widens', async () => {
  const third = sampleWorkflow([sampleAction('work', { permissions: ['net:*'] })], {
    name: 'third',
    permissions: ['fs:write:.', 'net:*', 'secret:*'],
  });
  const second = sampleWorkflow(
    [
      sampleStep(
        'sub',
        { kind: 'workflow', workflow: 'third', with: {} },
        { permissions: ['net:one.example'] },
      ),
    ],
    { name: 'second', permissions: ['net:*', 'fs:write:.'] },
  );
  const first = sampleWorkflow(
    [
      sampleStep(
        'sub',
        { kind: 'workflow', workflow: 'second', with: {} },
        { permissions: ['fs:write:.', 'net:*'] },
      ),
    ],
    { permissions: ['fs:read:.', 'net:*'] },
  );
  const { engine, gate } = await world.process(
    { 'sample/work': {} },
    { workflows: { first, second, third } },
  );
  await runSample(engine, first);
  expect(gate.calls[0]?.permissionSets).toEqual([
    ['fs:read:.', 'net:*'],
    ['fs:write:.', 'net:*'],
    ['net:*', 'fs:write:.'],
    ['net:one.example'],
    ['fs:write:.', 'net:*', 'secret:*'],
    ['net:*'],
  ]);
  const read = (texts: readonly string[]) =>
    texts.flatMap((text) => {
      const parsed = parsePermission(text);
      return parsed.ok ? [parsed.permission] : [];
    });
  expect(intersect((gate.calls[0]?.permissionSets ?? []).map(read)).map(formatPermission)).toEqual([
    'net:one.example:*',
  ]);
});

test('a failure inside is the failure of the step, and says in which run', async () => {
  const { engine } = await world.process(
    {
      'sample/work': { perform: () => ({ ok: false, failure: failure('broken', 'it broke') }) },
      'sample/after': {},
    },
    { workflows },
  );
  const state = await runSample(engine, outer);
  expect(state.failure).toMatchObject({ code: 'broken', details: { step: 'sub' } });
  const { runs } = await engine.list({ workflow: 'inner' });
  expect(state.failure?.details).toMatchObject({ run: runs[0]?.id });
});

test('a workflow that is not there, or whose inputs do not fit, fails the step', async () => {
  const { engine } = await world.process({ 'sample/after': {} }, { workflows: {} });
  expect((await runSample(engine, outer)).failure).toMatchObject({ code: 'workflow_not_found' });
  const other = await world.process(
    {},
    { workflows: { inner: { ...inner, inputs: { m: { type: 'string' } } } } },
  );
  expect((await runSample(other.engine, outer)).failure).toMatchObject({ code: 'invalid_input' });
});

test('a workflow that starts itself without end is stopped', async () => {
  const self = sampleWorkflow([sampleStep('again', { kind: 'workflow', workflow: 'self', with: {} })], {
    name: 'self',
  });
  const { engine } = await world.process({}, { workflows: { self } });
  const state = await runSample(engine, self);
  expect(state).toMatchObject({ status: 'failed', failure: { code: 'invalid_workflow' } });
});

test('[WRK-38] cancelling a run cancels the runs inside it', async () => {
  const { engine, gate } = await world.process(
    { 'sample/work': { perform: (_, signal) => untilStopped(signal) } },
    { workflows },
  );
  const id = await startSample(engine, outer);
  await expect.poll(() => gate.underWay()).toBe(1);
  await engine.cancel(id, 'ada', 'enough');
  expect((await engine.settled(id)).status).toBe('cancelled');
  const { runs } = await engine.list({ workflow: 'inner' });
  expect(runs).toMatchObject([{ status: 'cancelled' }]);
});

test('[WRK-40] when the process dies, another goes on with both, and nothing that succeeded is performed again', async () => {
  const first = await world.process(
    { 'sample/work': {}, 'sample/after': { perform: () => new Promise(() => {}) } },
    { workflows },
  );
  const id = await startSample(first.engine, outer);
  await expect.poll(() => first.gate.calls.map(({ step }) => step)).toEqual(['work', 'after']);
  first.die();
  const second = await world.process({ 'sample/work': {}, 'sample/after': {} }, { workflows });
  await second.engine.recover();
  expect((await second.engine.settled(id)).status).toBe('succeeded');
  expect(second.gate.calls.map(({ step }) => step)).toEqual(['after']);
});

test('[WRK-40] a process that dies while a run inside works: both are taken over, the one inside once', async () => {
  const first = await world.process(
    { 'sample/work': { perform: () => new Promise(() => {}) } },
    { workflows },
  );
  const id = await startSample(first.engine, outer);
  await expect.poll(() => first.gate.underWay()).toBe(1);
  first.die();
  const second = await world.process({ 'sample/work': {}, 'sample/after': {} }, { workflows });
  await second.engine.recover();
  expect((await second.engine.settled(id)).status).toBe('succeeded');
  expect((await second.engine.list({ workflow: 'inner' })).runs).toHaveLength(1);
});

test('a signal wakes a step that waits for it, also in another process', async () => {
  const workflow = sampleWorkflow([
    sampleStep('wait', { kind: 'wait', event: 'told.*' }),
    sampleAction('after', {}, { got: '${{ steps.wait.output.data }}' }),
  ]);
  const { engine, gate } = await world.process({ 'sample/after': { perform: async () => succeed(1) } });
  const other = await world.process({});
  const id = await startSample(engine, workflow);
  expect((await engine.settled(id)).status).toBe('waiting');
  await other.engine.signal(id, 'user:ben', 'told.now', { x: 1 });
  await world.clock.advance(300);
  expect((await engine.settled(id)).status).toBe('succeeded');
  expect(gate.calls[0]?.input).toEqual({ got: { x: 1 } });
});

test('a question names who may answer it, its form is kept, and it can be handed on', async () => {
  const form = { type: 'object', properties: { why: { type: 'string' } }, required: ['why'] };
  const workflow = sampleWorkflow([
    sampleStep('ask', { kind: 'approval', prompt: 'Go?', default: 'deny', delegates: ['ann'], form }),
  ]);
  const { engine } = await world.process({});
  const id = await startSample(engine, workflow);
  await engine.settled(id);
  const answer = { answer: 'allow', data: { why: 'yes' } } as const;
  await expect(engine.answer(id, 'ask', { by: 'user:ben', ...answer })).rejects.toMatchObject({
    code: 'denied',
  });
  await engine.delegate(id, 'ask', 'user:ann', 'ben');
  await expect(engine.answer(id, 'ask', { by: 'user:ann', ...answer })).rejects.toMatchObject({
    code: 'denied',
  });
  await expect(engine.answer(id, 'ask', { by: 'user:ben', answer: 'allow', data: {} })).rejects.toMatchObject(
    { code: 'invalid_input' },
  );
  await engine.answer(id, 'ask', { by: 'user:ben', ...answer });
  expect((await engine.settled(id)).status).toBe('succeeded');
});

test('[WRK-38] one that is cancelled while it is being created ends, too', async () => {
  let create = () => {};
  const mayCreate = new Promise<void>((resolve) => {
    create = resolve;
  });
  const { engine, gate } = await world.process(
    { 'sample/work': { perform: (_call, signal) => untilStopped(signal) }, 'sample/after': {} },
    {
      workflows,
      wrap: (store) => ({
        ...store,
        runs: {
          ...store.runs,
          async create(id, events) {
            if (id.includes('.')) await mayCreate;
            return store.runs.create(id, events);
          },
        },
      }),
    },
  );
  const id = await startSample(engine, outer);
  await world.clock.advance(0);
  await engine.cancel(id, 'user:ada', 'enough');
  await world.clock.advance(0);
  create();
  const settled = engine.settled(id);
  await world.clock.advance(1_000);
  expect(await settled).toMatchObject({ status: 'cancelled' });
  expect(gate.underWay()).toBe(0);
  expect((await engine.list({ workflow: 'inner' })).runs).toMatchObject([{ status: 'cancelled' }]);
});
