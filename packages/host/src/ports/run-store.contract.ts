import { expect, test } from 'vitest';
import {
  answered,
  asked,
  begun,
  created,
  done,
  SAMPLE_DEFINITION,
  started,
  succeeded,
} from '../testing/sample-events.ts';
import type { LeaseHolder } from './lease-store.ts';
import type { Store } from './store.ts';

const HOLDER: LeaseHolder = { holder: 'p1', host: 'a', pid: 1, processStart: '100', run: 'run_1' };
const OTHER: LeaseHolder = { holder: 'p2', host: 'b', pid: 2, processStart: '200' };
const alive = () => false;

export function runContract(store: () => Store): void {
  test('a definition comes back as it was, whatever its text holds', async () => {
    await store().runs.putDefinition('h1', { ...SAMPLE_DEFINITION, name: 'another' }, 1);
    expect(await store().runs.getDefinition('h1')).toEqual(SAMPLE_DEFINITION);
    await expect(store().runs.getDefinition('h2')).rejects.toMatchObject({ code: 'not_found' });
  });

  test('events come back in order, numbered from 1 without gaps [WRK-42]', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1), started(2)]);
    expect(await runs.append('run_1', 2, [begun(3, 'a'), done(4, 'a')])).toEqual({ ok: true, number: 4 });
    const events = await runs.readEvents('run_1', 0);
    expect(events).toEqual([
      { number: 1, ...created(1) },
      { number: 2, ...started(2) },
      { number: 3, ...begun(3, 'a') },
      { number: 4, ...done(4, 'a') },
    ]);
    expect(await runs.readEvents('run_1', 1, 2)).toEqual(events.slice(1, 3));
    expect(await runs.lastNumber('run_1')).toBe(4);
    expect(await runs.lastNumber('run_2')).toBe(0);
    expect(await runs.readEvents('run_2', 0)).toEqual([]);
  });

  test('an id is given once', async () => {
    await store().runs.create('run_1', [created(1)]);
    await expect(store().runs.create('run_1', [created(2)])).rejects.toMatchObject({ code: 'exists' });
    expect(await store().runs.readEvents('run_1', 0)).toEqual([{ number: 1, ...created(1) }]);
  });

  test('of two appends that expect the same number one wins, and the other leaves nothing', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1), started(2)]);
    const outcomes = await Promise.all([
      runs.append('run_1', 2, [begun(3, 'a')]),
      runs.append('run_1', 2, [begun(3, 'b'), done(4, 'b')]),
    ]);
    expect(outcomes).toEqual([
      { ok: true, number: 3 },
      { ok: false, reason: 'conflict' },
    ]);
    expect(await runs.append('run_1', 1, [begun(3, 'c')])).toEqual({ ok: false, reason: 'conflict' });
    expect(await runs.append('run_1', 9, [begun(3, 'c')])).toEqual({ ok: false, reason: 'conflict' });
    expect(await runs.append('run_9', 0, [begun(3, 'c')])).toEqual({ ok: false, reason: 'conflict' });
    expect(await runs.readEvents('run_1', 2)).toEqual([{ number: 3, ...begun(3, 'a') }]);
  });

  test('appends of many runs at once each keep their own outcome', async () => {
    const { runs } = store();
    const ids = Array.from({ length: 50 }, (_, index) => `run_${index}`);
    await Promise.all(ids.map((id) => runs.create(id, [created(1), started(2)])));
    const outcomes = await Promise.all(
      ids.map((id, index) => runs.append(id, index % 2 === 0 ? 2 : 7, [begun(3, 'a')])),
    );
    expect(outcomes.map((outcome) => outcome.ok)).toEqual(ids.map((_, index) => index % 2 === 0));
  });

  test('an append may be wide', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1), started(2)]);
    const many = Array.from({ length: 1_000 }, (_, index) => begun(3, `each/${index}/lint`));
    expect(await runs.append('run_1', 2, many)).toEqual({ ok: true, number: 1_002 });
    const events = await runs.readEvents('run_1', 2);
    expect(events.map((event) => event.number)).toEqual(many.map((_, index) => index + 3));
  });

  test('a run that is over takes no more events', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1), started(2)]);
    await runs.append('run_1', 2, [succeeded(3)]);
    expect(await runs.append('run_1', 3, [begun(4, 'a')])).toEqual({ ok: false, reason: 'run_over' });
    expect(await runs.lastNumber('run_1')).toBe(3);
  });

  test('with a fence an append needs the lease, with the number with which it was taken', async () => {
    const { runs, leases } = store();
    await runs.create('run_1', [created(1), started(2)]);
    const first = await leases.acquire('run:run_1', HOLDER, 1_000, 0, alive);
    if (!first.ok) throw new Error('the lease was free');
    const fence = { lease: 'run:run_1', token: first.lease.token };
    expect(await runs.append('run_1', 2, [begun(3, 'a')], fence)).toEqual({ ok: true, number: 3 });
    await leases.acquire('run:run_1', OTHER, 1_000, 5_000, alive);
    expect(await runs.append('run_1', 3, [done(4, 'a')], fence)).toEqual({ ok: false, reason: 'lease_lost' });
    expect(await runs.append('run_1', 3, [done(4, 'a')])).toEqual({ ok: true, number: 4 });
  });
}

export function recordContract(store: () => Store): void {
  test('the record follows the events', async () => {
    const { runs } = store();
    expect(await runs.find('run_1')).toBeUndefined();
    await runs.create('run_1', [created(1, { mode: 'plan' })]);
    const record = {
      id: 'run_1',
      workflow: 'hygiene',
      definition: 'h1',
      mode: 'plan',
      principal: 'user:ada',
      createdAt: 1,
      changes: 0,
    };
    expect(await runs.find('run_1')).toEqual({ ...record, status: 'queued', number: 1 });
    await runs.append('run_1', 1, [started(2)]);
    expect(await runs.find('run_1')).toEqual({ ...record, status: 'running', startedAt: 2, number: 2 });
    await runs.append('run_1', 2, [asked(3, 'a'), asked(3, 'b')]);
    await runs.append('run_1', 4, [answered(4, 'a')]);
    expect(await runs.find('run_1')).toMatchObject({ status: 'waiting' });
    await runs.append('run_1', 5, [answered(5, 'b')]);
    expect(await runs.find('run_1')).toMatchObject({ status: 'running' });
    await runs.append('run_1', 6, [{ at: 6, type: 'run.cancelling', by: 'user:ada', reason: '' }]);
    expect(await runs.find('run_1')).toMatchObject({ status: 'cancelling' });
    const failure = { code: 'tests_failed', message: 'two tests failed', retryable: false };
    await runs.append('run_1', 7, [{ at: 7, type: 'run.failed', failure }]);
    expect(await runs.find('run_1')).toEqual({
      ...record,
      status: 'failed',
      startedAt: 2,
      endedAt: 7,
      number: 8,
      failureCode: 'tests_failed',
    });
  });

  test('the record says profile and commits, and counts the files of its effects [HYG-11]', async () => {
    const { runs } = store();
    const trigger = { kind: 'manual', profile: 'quick' };
    await runs.create('run_1', [created(1, { trigger, commit: 'a1' }), started(2)]);
    await runs.putEffects('run_1', 'a', [
      { kind: 'file', change: 'modified', path: 'x' },
      { kind: 'file', change: 'deleted', path: 'build', files: 12 },
    ]);
    await runs.putEffects('run_1', 'b', [
      { kind: 'commit', branch: 'work', message: 'm', paths: ['x'], commit: 'b2' },
      { kind: 'file', change: 'created', path: 'y' },
    ]);
    const said = { profile: 'quick', commit: 'a1', madeCommit: 'b2', changes: 14 };
    expect(await runs.find('run_1')).toMatchObject(said);
    await runs.append('run_1', 2, [succeeded(3)]);
    await runs.putEffects('run_1', 'b', [{ kind: 'file', change: 'created', path: 'late' }]);
    expect((await runs.list({})).runs).toMatchObject([said]);
  });

  test('a step that no longer waits because it was cancelled is no question', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1), started(2), asked(3, 'a')]);
    expect(await runs.find('run_1')).toMatchObject({ status: 'waiting' });
    await runs.append('run_1', 3, [{ at: 4, type: 'step.cancelled', step: 'a' }]);
    expect(await runs.find('run_1')).toMatchObject({ status: 'running' });
  });

  test('a list is newest first, in pages, and obeys its filters [WRK-48]', async () => {
    const { runs } = store();
    for (let index = 0; index < 25; index++) {
      const over = index % 5 === 0 ? [started(index), succeeded(index)] : [];
      const workflow = index % 2 === 0 ? 'even' : 'odd';
      await runs.create(`run_${index}`, [
        created(index, { workflow, mode: index % 3 === 0 ? 'plan' : 'apply' }),
        ...over,
      ]);
    }
    const numbers = async (filter: Parameters<typeof runs.list>[0]) => {
      const found: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await runs.list({ ...filter, limit: 4, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.runs.length).toBeLessThanOrEqual(4);
        found.push(...page.runs.map((run) => Number(run.id.slice(4))));
        cursor = page.cursor;
      } while (cursor !== undefined);
      return found;
    };
    const where = (holds: (index: number) => boolean) =>
      Array.from({ length: 25 }, (_, index) => 24 - index).filter(holds);
    expect(await numbers({})).toEqual(where(() => true));
    expect(await numbers({ workflow: 'even' })).toEqual(where((index) => index % 2 === 0));
    expect(await numbers({ mode: 'plan' })).toEqual(where((index) => index % 3 === 0));
    expect(await numbers({ status: ['succeeded', 'failed'] })).toEqual(where((index) => index % 5 === 0));
    expect(await numbers({ workflow: 'odd', mode: 'apply', status: ['queued'] })).toEqual(
      where((index) => index % 2 === 1 && index % 3 !== 0 && index % 5 !== 0),
    );
    expect(await numbers({ workflow: 'none' })).toEqual([]);
    await expect(runs.list({ cursor: 'x; DROP TABLE runs' })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
}

export function besideContract(store: () => Store): void {
  test('effects come back in the order in which they were reported', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1)]);
    await runs.putEffects('run_1', 'b', [{ kind: 'file', path: 'x\n\'"' }]);
    await runs.putEffects('run_1', 'a', [1, 2]);
    await runs.putEffects('run_1', 'b', [3]);
    expect(await runs.readEffects('run_1')).toEqual([
      { step: 'b', effects: [{ kind: 'file', path: 'x\n\'"' }] },
      { step: 'a', effects: [1, 2] },
      { step: 'b', effects: [3] },
    ]);
    expect(await runs.readEffects('run_2')).toEqual([]);
    await expect(runs.putEffects('run_2', 'a', [1])).rejects.toMatchObject({ code: 'run_not_found' });
  });

  test('a document is replaced by a newer one of the same name', async () => {
    const { runs } = store();
    await runs.create('run_1', [created(1)]);
    expect(await runs.findDocument('run_1', 'plan')).toBeUndefined();
    await runs.putDocument('run_1', 'plan', { hash: 'a' });
    await runs.putDocument('run_1', 'plan', { hash: 'b' });
    await runs.putDocument('run_1', 'timings', [1, null]);
    expect(await runs.findDocument('run_1', 'plan')).toEqual({ hash: 'b' });
    expect(await runs.findDocument('run_1', 'timings')).toEqual([1, null]);
    await expect(runs.putDocument('run_2', 'plan', 1)).rejects.toMatchObject({ code: 'run_not_found' });
  });

  test('log lines are numbered for each run, whatever they hold', async () => {
    const { runs, logs } = store();
    await runs.create('run_1', [created(1)]);
    await runs.create('run_2', [created(1)]);
    const line = (message: string) => ({ at: 1, step: 'a', attempt: 1, level: 'info' as const, message });
    await Promise.all([
      logs.append('run_1', [line('one'), line('two \u0000 \uD83D\uDE00 "')]),
      logs.append('run_2', [{ ...line('other'), fields: { n: 1 } }]),
      logs.append('run_1', [line('three')]),
      logs.append('run_1', []),
    ]);
    expect(await logs.read('run_1', 0)).toEqual([
      { number: 1, ...line('one') },
      { number: 2, ...line('two \u0000 \uD83D\uDE00 "') },
      { number: 3, ...line('three') },
    ]);
    expect(await logs.read('run_1', 1, 1)).toMatchObject([{ number: 2 }]);
    expect(await logs.read('run_2', 0)).toEqual([{ number: 1, ...line('other'), fields: { n: 1 } }]);
    await expect(logs.append('run_3', [line('x')])).rejects.toMatchObject({ code: 'run_not_found' });
  });
}
