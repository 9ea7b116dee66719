import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonValue } from '@cadre/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createPlaces } from '../dispatch/create-places.ts';
import type { Store } from '../ports/store.ts';
import { openSqliteStore } from '../stores/open-sqlite-store.ts';
import { sampleAction, sampleWorkflow } from '../testing/sample-workflow.ts';
import { type Script, type ScriptedGate, scriptedGate, succeed } from '../testing/scripted-gate.ts';
import { type Engine, openEngine } from './engine.ts';
import { runSample } from './testing/world.ts';

const MIB = 1024 ** 2;
const LARGE = 'x'.repeat(300_000);

let folder = '';
let store: Store;
let engine: Engine;
let gate: ScriptedGate;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cadre-large-'));
  store = await openSqliteStore(join(folder, 'cadre.db'));
});
afterEach(async () => {
  await engine.close(0);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(scripts: Readonly<Record<string, Script>>): Engine {
  gate = scriptedGate(scripts);
  const clock = systemClock();
  engine = openEngine({
    store,
    gate,
    clock,
    holder: { holder: 'me', host: 'here', pid: 1, processStart: 'me' },
    workspace: { id: 'workspace', root: '/workspace' },
    places: createPlaces(() => 8),
    liveness: () => 'alive',
  });
  return engine;
}

const gives = (output: JsonValue): Script => ({ perform: () => succeed(output) });
const filesOf = () =>
  readdirSync(join(folder, 'artifacts'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, 'artifacts', name))
    .filter((path) => statSync(path).isFile());

describe('values that are too large for the journal [WRK-36]', () => {
  test('50 MB flow from one action to the next while the journal stays small', async () => {
    const output = { report: 'y'.repeat(50 * MIB), lines: 1 };
    open({ 'sample/a': gives(output), 'sample/b': gives(null) });
    const next = sampleAction(
      'b',
      {},
      { all: '${{ steps.a.output }}', lines: '${{ steps.a.output.lines }}' },
    );
    const state = await runSample(engine, sampleWorkflow([sampleAction('a'), next]));
    expect(state.status).toBe('succeeded');
    const given = gate.calls[1]?.input as { all: { report: string }; lines: number };
    expect(given.all.report.length).toBe(50 * MIB);
    expect(given.lines).toBe(1);
    const [{ id } = { id: '' }] = (await store.runs.list({})).runs;
    expect(JSON.stringify(await store.runs.readEvents(id, 0)).length).toBeLessThan(2_000);
    expect(statSync(join(folder, 'cadre.db')).size).toBeLessThan(MIB);
    const [file = '', ...more] = filesOf();
    expect(more).toEqual([]);
    expect(statSync(file)).toMatchObject({ size: 50 * MIB + 2, mode: 0o100600 });
  });

  test('of equal values there is one, and it says which runs use it', async () => {
    open({ 'sample/a': gives(LARGE), 'sample/b': gives({ again: LARGE }) });
    await runSample(engine, sampleWorkflow([sampleAction('a'), sampleAction('b')]));
    await runSample(engine, sampleWorkflow([sampleAction('a')]));
    const { artifacts } = await store.artifacts.list({});
    expect(artifacts).toHaveLength(1);
    expect(await store.artifacts.listRuns(artifacts[0]?.digest ?? '')).toHaveLength(2);
    expect(filesOf()).toHaveLength(1);
  });

  test('a rehearsal leaves temporary ones', async () => {
    open({ 'sample/a': gives(LARGE) });
    const workflow = sampleWorkflow([sampleAction('a')]);
    const id = await engine.start({
      workflow,
      inputs: {},
      mode: 'plan',
      trigger: { kind: 'manual' },
      principal: 'user:ada',
    });
    await engine.settled(id);
    expect((await store.artifacts.list({})).artifacts).toMatchObject([{ class: 'temporary', run: id }]);
  });

  test.each([
    ['is missing', 'artifact_missing', (file: string) => rmSync(file)],
    ['was changed', 'artifact_damaged', (file: string) => writeFileSync(file, LARGE.replace('x', 'y'))],
  ])('an attempt whose input %s ends with the reason', async (_, code, harm) => {
    open({
      'sample/a': gives(LARGE),
      'sample/harm': {
        perform() {
          for (const file of filesOf()) harm(file);
          return succeed(null);
        },
      },
      'sample/b': gives(null),
    });
    const harms = sampleAction('harm');
    const next = sampleAction('b', {}, { all: '${{ steps.a.output }}' });
    const state = await runSample(engine, sampleWorkflow([sampleAction('a'), harms, next]));
    expect(state).toMatchObject({ status: 'failed', failure: { code, details: { step: 'b' } } });
    expect(gate.calls).toHaveLength(2);
  });

  test('an expression over more than can be held at once fails its step, and says what to do instead', async () => {
    const large = { list: Array.from({ length: 65 }, () => 'z'.repeat(MIB)) };
    open({ 'sample/a': gives(large), 'sample/b': gives(null) });
    const next = sampleAction('b', {}, { many: '${{ steps.a.output.list.size() }}' });
    const state = await runSample(engine, sampleWorkflow([sampleAction('a'), next]));
    expect(state).toMatchObject({ status: 'failed', failure: { code: 'too_large', details: { step: 'b' } } });
    expect(state.failure?.hint).toContain('let an action read it');
  });

  test('what a run is told, given and started from is kept outside as well', async () => {
    open({ 'sample/a': gives(null) });
    const workflow = sampleWorkflow([
      { ...sampleAction('heard'), kind: 'wait', event: 'told' } as never,
      sampleAction('a', {}, { said: '${{ steps.heard.output.data }}', given: '${{ inputs.text }}' }),
    ]);
    const id = await engine.start({
      workflow: { ...workflow, inputs: { text: { type: 'string', minLength: 300_000 } } },
      inputs: { text: LARGE },
      mode: 'apply',
      trigger: { kind: 'event', data: { body: `${LARGE}2` } },
      principal: 'user:ada',
    });
    await engine.signal(id, 'user:ada', 'told', `${LARGE}1`);
    const state = await engine.settled(id);
    expect(state.status).toBe('succeeded');
    expect(gate.calls[0]?.input).toEqual({ said: `${LARGE}1`, given: LARGE });
    expect(JSON.stringify(await store.runs.readEvents(id, 0)).length).toBeLessThan(5_000);
    expect((await store.artifacts.list({ run: id })).artifacts).toHaveLength(3);
  });

  test('an action that asks for a handle is given the reference, and nothing is loaded', async () => {
    open({ 'sample/a': gives(LARGE), 'sample/b': { ...gives(null), traits: { handles: ['file'] } } });
    const next = sampleAction('b', {}, { file: '${{ steps.a.output }}', all: '${{ steps.a.output }}' });
    await runSample(engine, sampleWorkflow([sampleAction('a'), next]));
    const [{ digest } = { digest: '' }] = (await store.artifacts.list({})).artifacts;
    expect(gate.calls[1]?.input).toEqual({
      file: { $artifact: digest, bytes: 300_002, type: 'text' },
      all: LARGE,
    });
  });

  test('nobody reads an artifact by writing down its hash', async () => {
    open({ 'sample/a': gives(LARGE), 'sample/b': gives(null) });
    await runSample(engine, sampleWorkflow([sampleAction('a')]));
    const [{ digest, bytes, type } = { digest: '', bytes: 0, type: 'text' }] = (
      await store.artifacts.list({})
    ).artifacts;
    const forged = { $artifact: digest, bytes, type };
    open({ 'sample/b': gives(forged), 'sample/c': gives(null) });
    const next = sampleAction('c', {}, { forged, given: '${{ steps.b.output }}' });
    await runSample(engine, sampleWorkflow([sampleAction('b'), next]));
    expect(gate.calls[1]?.input).toEqual({ forged, given: forged });
  });

  test('a run goes on from its journal in another process', async () => {
    open({ 'sample/a': gives([LARGE, 'b']), 'sample/b': gives(null) });
    const workflow = sampleWorkflow([
      sampleAction('a'),
      { ...sampleAction('ask'), kind: 'approval', prompt: '?', default: 'deny' } as never,
      sampleAction('b', {}, { one: '${{ steps.a.output[1] }}', all: '${{ steps.a.output }}' }),
    ]);
    const id = await engine.start({
      workflow,
      inputs: {},
      mode: 'apply',
      trigger: { kind: 'manual' },
      principal: 'user:ada',
    });
    await engine.settled(id);
    await engine.close(0);
    open({ 'sample/b': gives(null) });
    await engine.answer(id, 'ask', { by: 'user:ada', answer: 'allow' });
    expect((await engine.settled(id)).status).toBe('succeeded');
    expect(gate.calls[0]?.input).toEqual({ one: 'b', all: [LARGE, 'b'] });
    expect(readFileSync(join(folder, 'cadre.db')).length).toBeLessThan(MIB);
  });
});
