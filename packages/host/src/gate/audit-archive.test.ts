import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { AuditRecord } from '../ports/audit-store.ts';
import { readAuditArchive, writeAuditArchive } from './audit-archive.ts';
import { auditHash, FIRST_PREVIOUS } from './audit-hash.ts';

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cadre-archive-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function chainOf(...entries: readonly string[]): readonly AuditRecord[] {
  const chain: AuditRecord[] = [];
  for (const entry of entries) {
    const said = { number: chain.length + 1, previous: chain.at(-1)?.hash ?? FIRST_PREVIOUS, entry };
    chain.push({ ...said, hash: auditHash(said) });
  }
  return chain;
}

async function* each(records: readonly AuditRecord[]): AsyncGenerator<AuditRecord> {
  yield* records;
}

function partOf(chain: readonly AuditRecord[]) {
  const last = chain.at(-1);
  if (last === undefined) throw new Error('a chain has records');
  return { workspace: 'here', first: 1, last: last.number, hash: last.hash };
}

async function readAll(folder: string, archive: Parameters<typeof readAuditArchive>[1]) {
  const records: AuditRecord[] = [];
  for await (const record of readAuditArchive(folder, archive)) records.push(record);
  return records;
}

test('[WRK-18] whatever characters a worker has put into a record, it is archived as it is', async () => {
  const folder = await folderOf();
  const odd = ['\u2028', '\u2029', '\u0085', '\r', '\n', '\\u2028', '\\', '\ud800', '𝄞'].join('x');
  const chain = chainOf(JSON.stringify({ target: odd }), JSON.stringify({ target: 'next' }));
  const archive = await writeAuditArchive(folder, partOf(chain), each(chain));
  expect(await readAll(folder, archive)).toEqual(chain);
});

test('[WRK-18] what somebody else has removed or changed meanwhile is not archived in the place of what was whole', async () => {
  const folder = await folderOf();
  const chain = chainOf('{"a":1}', '{"a":2}', '{"a":3}', '{"a":4}');
  const part = partOf(chain);
  const whole = await writeAuditArchive(folder, part, each(chain));
  const before = await readFile(join(folder, whole.name));
  const [first, second, third, fourth] = chain as [AuditRecord, AuditRecord, AuditRecord, AuditRecord];
  const forged = { ...third, entry: '{"a":9}' };
  const other = { ...forged, hash: auditHash(forged) };
  for (const some of [
    [third, fourth],
    [first, second, fourth],
    [first, second, third],
    [first, second, other, fourth],
    [],
  ]) {
    await expect(writeAuditArchive(folder, part, each(some))).rejects.toMatchObject({
      code: 'changed_meanwhile',
    });
    expect(await readdir(folder)).toEqual([whole.name]);
    expect(await readFile(join(folder, whole.name))).toEqual(before);
  }
});
