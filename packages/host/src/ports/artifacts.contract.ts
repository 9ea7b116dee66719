import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { created, started, succeeded } from '../testing/sample-events.ts';
import type { ArtifactClass, ArtifactStore, NewArtifact, NewFile } from './artifacts.ts';
import type { Store } from './store.ts';

function artifact(text: string, parts: readonly NewArtifact[] = []): NewArtifact {
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const bytes = Buffer.byteLength(text);
  return { digest, bytes, type: 'text', text, parts: parts.map((part) => part.digest) };
}

async function file(bytes: Uint8Array, contentType = 'image/x-test'): Promise<NewFile> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-artifact-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'bytes');
  await writeFile(path, bytes);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { digest, bytes: bytes.length, contentType, path };
}

/** No two blocks of it are the same, and it holds every byte. */
function manyBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + (at >> 8) * 17) & 0xff;
  return bytes;
}

async function readAll({ open }: Pick<ArtifactStore, 'open'>, digest: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of open(digest)) {
    expect(piece.length).toBeLessThanOrEqual(64 * 1024);
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
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

  test('the bytes of a file are kept as they are, and read in pieces [WRK-44]', async () => {
    const { artifacts } = open();
    for (const length of [0, 1, 64 * 1024, 3 * 64 * 1024, 1024 * 1024 + 7]) {
      const bytes = manyBytes(length);
      const given = await file(bytes);
      await artifacts.putFile(given, by('run_1', 1));
      await rm(given.path);
      expect((await readAll(artifacts, given.digest)).equals(bytes)).toBe(true);
      expect(await artifacts.find(given.digest)).toMatchObject([
        { type: 'bytes', bytes: length, contentType: 'image/x-test', class: 'standard', run: 'run_1' },
      ]);
    }
    expect(await artifacts.sizes()).toContainEqual(
      expect.objectContaining({ class: 'standard', artifacts: 5 }),
    );
    const none = `sha256:${'0'.repeat(64)}`;
    await expect(readAll(artifacts, none)).rejects.toMatchObject({ code: 'artifact_missing' });
  });

  test('the text of a value is read in pieces, too, and the same bytes may be kept as both', async () => {
    const { artifacts } = open();
    const value = artifact(JSON.stringify('é😀'.repeat(200_000)));
    const asBytes = await file(Buffer.from(value.text));
    await artifacts.putFile(asBytes, by('run_1', 1));
    await artifacts.put([value], by('run_2', 2));
    expect(await artifacts.read(value.digest)).toBe(value.text);
    expect((await readAll(artifacts, value.digest)).toString()).toBe(value.text);
    expect(await artifacts.listRuns(value.digest)).toEqual(['run_1', 'run_2']);
  });

  test('bytes that nobody names any more go whole, and are kept anew when they come again', async () => {
    const store = open();
    const given = await file(manyBytes(500_000));
    await store.artifacts.putFile(given, by('run_that_never_came_to_be', 1));
    expect(await removeAll()).toEqual([true]);
    await expect(readAll(store.artifacts, given.digest)).rejects.toMatchObject({ code: 'artifact_missing' });
    await store.artifacts.putFile(given, by('run_2', 2));
    expect((await readAll(store.artifacts, given.digest)).equals(manyBytes(500_000))).toBe(true);
    expect(await store.artifacts.removeLeftOvers(0)).toBe(0);
  });
}
