import type { RunEvent } from '@cadre/core';
import { expect, test } from 'vitest';
import { begun, created, done, started, succeeded } from '../testing/sample-events.ts';
import type { Store } from './store.ts';
import type { StreamEntry } from './stream-store.ts';

const piece = (at: number): StreamEntry => ({
  at,
  topic: 'step.extended',
  data: { piece: `Ω ${at} \u0000` },
});
const end = (at: number) => (): StreamEntry => ({ at, topic: 'step.extended', data: { end: 'succeeded' } });

export function streamContract(store: () => Store): void {
  const begin = (id: string) => store().runs.create(id, [created(1), started(2)]);

  test('a stream is numbered without gaps, kept once however often it is written, and closed once [WRK-43]', async () => {
    const { streams } = store();
    await begin('run_1');
    expect(await streams.extend('run_1', 'run_1:a:1', 1, [piece(1), piece(2)])).toBe(true);
    expect(await streams.extend('run_1', 'run_1:a:1', 2, [piece(2), piece(3)])).toBe(true);
    await expect(streams.extend('run_1', 'run_1:a:1', 5, [piece(5)])).rejects.toThrow('goes on at 4');
    await expect(streams.extend('run_2', 'run_2:a:1', 1, [piece(1)])).rejects.toMatchObject({
      code: 'run_not_found',
    });
    expect(await streams.listOpen('run_1')).toEqual(['run_1:a:1']);
    expect(await streams.close('run_1', 'run_1:none:1', end(9))).toBe(false);
    const closed = await Promise.all([7, 8].map((at) => streams.close('run_1', 'run_1:a:1', end(at))));
    expect(closed.sort()).toEqual([false, true]);
    expect(await streams.extend('run_1', 'run_1:a:1', 4, [piece(4)])).toBe(false);
    expect(await streams.listOpen('run_1')).toEqual([]);
    const read = await streams.read('run_1:a:1', 0, 10);
    expect(read.map(({ number, data }) => [number, data['piece'] ?? data['end']])).toEqual([
      [1, 'Ω 1 \u0000'],
      [2, 'Ω 2 \u0000'],
      [3, 'Ω 3 \u0000'],
      [4, 'succeeded'],
    ]);
    expect(await streams.read('run_1:a:1', 2, 1)).toMatchObject([{ number: 3, topic: 'step.extended' }]);
  });

  test('the events of all runs are read on from a place, in the order in which they were written [WRK-47]', async () => {
    const { streams, runs } = store();
    expect(await streams.newest()).toEqual({ id: 0, key: 0, streams: 0, audit: 0 });
    await begin('run_1');
    await begin('run_2');
    const place = await streams.newest();
    expect(await streams.keyAt(place.id)).toBe(place.key);
    await runs.append('run_1', 2, [begun(3, 'a')]);
    await runs.append('run_2', 2, [begun(3, 'b'), done(4, 'b')]);
    await runs.append('run_1', 3, [done(4, 'a'), succeeded(5)]);
    const told = async (id: number, limit = 100) =>
      (await streams.readWritten(id, limit)).map(({ run, event }) => `${run} ${event.number} ${event.type}`);
    expect(await told(place.id)).toEqual([
      'run_1 3 step.started',
      'run_2 3 step.started',
      'run_2 4 step.succeeded',
      'run_1 4 step.succeeded',
      'run_1 5 run.succeeded',
    ]);
    expect(await told(0, 1)).toEqual(['run_1 1 run.created']);
    const [first] = await streams.readWritten(place.id, 1);
    expect(first).toMatchObject({
      principal: 'user:ada',
      event: { at: 3, step: 'a' } satisfies Partial<RunEvent>,
    });
  });

  test('what was emitted and what triggers did are streams too, and go by age', async () => {
    const { streams, events, firings } = store();
    const emit = (id: string, topic = 'card.moved') =>
      events.emit({ id, at: 5, topic, by: 'user:ada', data: { id } });
    for (const id of ['e1', 'e2', 'e1']) await emit(id);
    await emit('e3', 'run.hygiene.failed');
    expect(await streams.read('emitted', 0, 9)).toEqual([
      { stream: 'emitted', number: 1, at: 5, topic: 'card.moved', actor: 'user:ada', data: told('e1') },
      { stream: 'emitted', number: 2, at: 5, topic: 'card.moved', actor: 'user:ada', data: told('e2') },
    ]);
    const firing = { trigger: 'nightly', due: 1, claimedAt: 6, priority: 0, notBefore: 0, event: {} };
    const { firing: added } = await firings.add({ ...firing, key: 'k' });
    await firings.add({ ...firing, key: 'k' });
    await firings.begin(added.id, { attempt: 1, run: 'run_1', now: 7, overlap: 'allow', atOnce: 9 });
    const failure = { code: 'work_failed', message: 'no' };
    await firings.end(added.id, 1, 8, { status: 'dead', failure });
    expect(await firings.end(added.id, 1, 9, { status: 'dead', failure })).toBe(false);
    const again = await firings.replay(added.id, 10);
    const all = await streams.readStreams(0, 100);
    expect(all.map(({ stream, number, topic }) => `${stream} ${number} ${topic}`)).toEqual([
      'emitted 1 card.moved',
      'emitted 2 card.moved',
      `firing:${added.id} 1 firing.added`,
      `firing:${added.id} 2 firing.started`,
      `firing:${added.id} 3 firing.buried`,
      `firing:${added.id} 4 firing.replayed`,
      `firing:${again?.id} 1 firing.added`,
    ]);
    expect(all[4]?.data).toEqual({ trigger: 'nightly', firing: added.id, failure });
    await firings.prune(100, 0);
    await emit('e9');
    expect((await streams.readStreams(0, 9)).map(({ stream, number }) => [stream, number])).toEqual([
      ['emitted', 2],
      ['emitted', 3],
    ]);
  });

  test('what a run said in parts goes with the run', async () => {
    const { streams, runs, upkeep } = store();
    await begin('run_1');
    await streams.extend('run_1', 'run_1:a:1', 1, [piece(1), piece(2)]);
    await runs.append('run_1', 2, [succeeded(3)]);
    const due = await upkeep.listRemovable('runs', undefined, 9);
    expect(due).toMatchObject([{ run: 'run_1', rows: 5 }]);
    await upkeep.remove('runs', due, 10);
    expect(await streams.read('run_1:a:1', 0, 9)).toEqual([]);
    expect(await streams.keyAt(1)).toBeUndefined();
  });
}

const told = (id: string) => ({ event: id, value: { id } });
