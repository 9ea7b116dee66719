import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { CadreError } from '@cadre/core/history';
import { relativeTime } from '@cadre/kit/format';
import type { Records } from '../../app.ts';
import { processOwner } from '../../engine/process-owner.ts';
import type { Lease } from '../../ports/lease-store.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { type LeaseUsers, rightToRelease } from '../run/right-to-release.ts';
import { printTable } from '../show/table.ts';
import { withRecords } from '../with-app.ts';

export const showLocks: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const now = records.clock.now();
    const leases = await records.leases.list();
    invocation.output.document({ leases });
    if (leases.length === 0) invocation.output.line('Nobody holds anything.');
    const rows = leases.map((lease) => [
      lease.name,
      `${lease.host}:${lease.pid}`,
      lease.run ?? '',
      relativeTime(lease.since, { now }),
      lease.expires < now ? 'lapsed' : records.isDead(lease) ? 'holder is gone' : 'held',
    ]);
    printTable(['lease', 'holder', 'run', 'since', 'state'], rows, invocation.output);
    return EXIT.ok;
  });

export const releaseLock: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const [name = ''] = invocation.arguments;
    const lease = (await records.leases.list()).find((candidate) => candidate.name === name);
    if (lease === undefined)
      throw new CadreError('not_found', `nobody holds "${name}"`, { hint: 'cadre lock show' });
    const gone = records.isDead(lease);
    const forced = invocation.options['force'] === true;
    if (!gone && !forced) {
      throw new CadreError('lease_held', `${name} is held by ${whoHolds(lease)}, which is alive`, {
        hint: `cadre cancel ${lease.run ?? 'RUN'}, or cadre lock release ${name} --force`,
      });
    }
    const rule = gone ? 'holder is gone' : rightToRelease(usersOf(records, lease));
    const entry = {
      at: records.clock.now(),
      principal: records.principal,
      worker: 'cadre',
      action: 'lock',
      operation: 'release',
      target: name,
      details: { holder: lease.holder, host: lease.host, pid: lease.pid },
    };
    if (rule === undefined) {
      await records.audit.append({
        ...entry,
        decision: 'denied',
        rule: 'neither the owning user nor role admin',
      });
      throw new CadreError('denied', `${name} is held by ${whoHolds(lease)}, which belongs to another user`, {
        hint: 'ask that user, or the owner of the data of this workspace',
      });
    }
    // Recorded first: what was taken from somebody must never be without a trace.
    await records.audit.append({ ...entry, decision: 'allowed', rule });
    await records.leases.break(name);
    invocation.output.document({ released: name, rule });
    invocation.output.line(`released ${name} (${rule})`);
    return EXIT.ok;
  });

function whoHolds({ pid, host }: Lease): string {
  return `process ${pid} on ${host}`;
}

function usersOf(records: Records, lease: Lease): LeaseUsers {
  return {
    self: process.getuid?.(),
    holder: lease.host === hostname() ? processOwner(lease.pid) : undefined,
    workspace: statSync(records.dataDir).uid,
  };
}
