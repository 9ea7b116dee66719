import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { created, started, succeeded } from '../testing/sample-events.ts';
import type { ArtifactClass, NewArtifact } from './artifacts.ts';
import type { Store } from './store.ts';

function artifact(text: string, parts: readonly NewArtifact[] = []): NewArtifact {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const bytes = Buffer.byteLength(text);
  return { digest, bytes, type: 'text', text, parts: parts.map((part) => part.digest) };
}

const by = (run: string, at: number, kept: ArtifactClass = 'standard') => ({ run, at, class: kept });

export function artifactContract(open: () => Store): void {
  const over = async (id: string, at: number) =>
    open().runs.create(id, [created(at), started(at), succeeded(at)]);
  const oldest = async (kept: ArtifactClass = 'standard') =>
    (await open().artifacts.listOldest(kept, undefined, 100)).map(({ digest, used, exempt }) => ({
      digest,
      used,
      exempt,
    }));
  const removeAll = async (kept: ArtifactClass = 'standard') => {
    const { artifacts } = open();
    const gone: boolean[] = [];
    for (const one of await artifacts.listOldest(kept, undefined, 100))
      gone.push(await artifacts.remove(one));
    return gone;
  };

  test('what is kept is read as it was, whatever it is and however long [WRK-36]', async () => {
    const { artifacts } = open();
    // Characters of two halves at every place, so that one stands where chunks meet.
    const texts = ['"a"', JSON.stringify(`é\u0000😀`.repeat(400_000)), `"x${'😀'.repeat(600_000)}"`];
    const made = texts.map((text) => artifact(text));
    await artifacts.put(made, by('run_1', 1));
    for (const { digest, text } of made) expect(await artifacts.read(digest)).toBe(text);
    await expect(artifacts.read(artifact('other').digest)).rejects.toMatchObject({
      code: 'artifact_missing',
    });
  });

  test('the same value is one artifact, which all who use it share', async () => {
    const { artifacts } = open();
    const one = artifact('"one"');
    await artifacts.put([one], by('run_1', 5, 'temporary'));
    await artifacts.put([one], by('run_2', 3));
    expect(await artifacts.find(one.digest)).toMatchObject([
      { class: 'standard', run: 'run_1', createdAt: 5, usedAt: 5 },
    ]);
    expect(await artifacts.listRuns(one.digest)).toEqual(['run_1', 'run_2']);
    expect(await artifacts.sizes()).toContainEqual({ class: 'standard', artifacts: 1, bytes: 5 });
    expect(await artifacts.setClass(one.digest, 'kept')).toBe(true);
    expect(await artifacts.setClass('sha256:none', 'kept')).toBe(false);
    expect(await artifacts.sizes()).toContainEqual({ class: 'standard', artifacts: 0, bytes: 0 });
    expect(await artifacts.sizes()).toContainEqual({ class: 'kept', artifacts: 1, bytes: 5 });
  });

  test('they are found by the beginning of their digest, and listed in pages, the last used first', async () => {
    const { artifacts } = open();
    const made = ['"1"', '"2"', '"3"'].map((text) => artifact(text));
    for (const [index, one] of made.entries()) await artifacts.put([one], by(`run_${index}`, index));
    const first = await artifacts.list({ limit: 2 });
    expect(first.artifacts.map(({ usedAt }) => usedAt)).toEqual([2, 1]);
    const rest = await artifacts.list({ limit: 2, ...(first.cursor ? { cursor: first.cursor } : {}) });
    expect(rest.artifacts.map(({ usedAt }) => usedAt)).toEqual([0]);
    expect(rest.cursor).toBeUndefined();
    expect((await artifacts.list({ run: 'run_1' })).artifacts).toHaveLength(1);
    expect(await artifacts.find(made[0]?.digest.slice(7, 20) ?? '')).toHaveLength(1);
    expect(await artifacts.find('')).toHaveLength(2);
    await expect(artifacts.list({ cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('while a run is not over, is pinned or held, nothing that it names is removed [WRK-50]', async () => {
    const store = open();
    await store.runs.create('run_1', [created(1), started(1)]);
    await store.artifacts.put([artifact('"one"')], by('run_1', 1));
    expect(await oldest()).toMatchObject([{ used: true, exempt: true }]);
    expect(await removeAll()).toEqual([false]);
    await store.runs.append('run_1', 2, [succeeded(2)]);
    await store.upkeep.pin('run_1', { principal: 'user:ada', at: 3, reason: 'because' });
    expect(await removeAll()).toEqual([false]);
    await store.upkeep.unpin('run_1');
    const hold = { principal: 'user:ada', at: 3, reason: 'because', workflow: '*' };
    await store.upkeep.hold('case', hold);
    expect(await removeAll()).toEqual([false]);
    await store.upkeep.release('case');
    expect(await oldest()).toMatchObject([{ used: true, exempt: false }]);
    expect(await removeAll()).toEqual([true]);
    await expect(store.artifacts.read(artifact('"one"').digest)).rejects.toMatchObject({
      code: 'artifact_missing',
    });
    expect(await store.artifacts.sizes()).toContainEqual({ class: 'standard', artifacts: 0, bytes: 0 });
  });

  test('one that was used since it was looked at stays', async () => {
    const store = open();
    await over('run_1', 1);
    await store.artifacts.put([artifact('"one"')], by('run_1', 1));
    const [seen] = await store.artifacts.listOldest('standard', undefined, 1);
    await store.artifacts.put([artifact('"one"')], by('run_2', 2));
    expect(seen && (await store.artifacts.remove(seen))).toBe(false);
    expect(await store.artifacts.read(artifact('"one"').digest)).toBe('"one"');
  });

  test('when the last run that names it is removed, nobody uses it any more [WRK-51]', async () => {
    const store = open();
    await over('run_1', 1);
    await store.artifacts.put([artifact('"one"')], by('run_1', 1));
    await store.artifacts.put([artifact('"lost"')], by('run_that_never_came_to_be', 1));
    expect((await oldest()).map(({ used }) => used).sort()).toEqual([false, true]);
    await store.upkeep.remove('runs', await store.upkeep.listRemovable('runs', undefined, 9), 10);
    expect((await oldest()).map(({ used }) => used)).toEqual([false, false]);
    expect(await store.artifacts.listRuns(artifact('"one"').digest)).toEqual([]);
    expect(await removeAll()).toEqual([true, true]);
  });

  test('who names one names all that stand in it', async () => {
    const store = open();
    const inner = artifact('"inner"');
    const outer = artifact('["outer"]', [inner]);
    await store.artifacts.put([inner, outer], by('run_1', 1));
    await over('run_2', 2);
    await store.artifacts.use([outer.digest], by('run_2', 2));
    expect(await store.artifacts.listRuns(inner.digest)).toEqual(['run_1', 'run_2']);
    expect(await store.artifacts.removeLeftOvers(0)).toBe(0);
  });
}
