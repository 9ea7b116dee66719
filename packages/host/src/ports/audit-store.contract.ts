import { createHash } from 'node:crypto';
import { canonicalJson } from '@cadre/core';
import { expect, test } from 'vitest';
import type { AuditEntry } from './audit-store.ts';
import type { Store } from './store.ts';

export function auditContract(store: () => Store): void {
  const entry: AuditEntry = {
    at: 1,
    principal: 'user:ada',
    worker: 'git',
    action: 'commit',
    operation: 'call',
    decision: 'allowed',
    rule: 'grant g1',
  };

  test('records make one chain of hashes, whoever writes them at once [WRK-18]', async () => {
    const { audit } = store();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        audit.append({ ...entry, at: index, target: `ключ "\n${index}` }),
      ),
    );
    const records = await audit.read(0);
    expect(records.map((record) => record.number)).toEqual(records.map((_, index) => index + 1));
    let previous = '0'.repeat(64);
    for (const record of records) {
      expect(record.previous).toBe(previous);
      const { number, entry: text } = record;
      previous = createHash('sha256')
        .update(canonicalJson({ number, previous, entry: text }))
        .digest('hex');
      expect(record.hash).toBe(previous);
    }
    expect(await audit.read(28)).toEqual(records.slice(28));
    expect(await audit.read(0, 2)).toEqual(records.slice(0, 2));
  });

  test('a record is the canonical text of its entry', async () => {
    const record = await store().audit.append(entry);
    expect(record.entry).toBe(canonicalJson(JSON.parse(JSON.stringify(entry))));
    expect(record.entry).not.toContain('undefined');
    expect(await store().audit.read(0)).toEqual([record]);
  });
}
