import { CadreError } from '@cadre/core';
import { relativeTime } from '@cadre/kit/format';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const showLocks: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const now = app.clock.now();
    const leases = await app.leases.list();
    invocation.output.document({ leases });
    if (leases.length === 0) invocation.output.line('Nobody holds anything.');
    const rows = leases.map((lease) => [
      lease.name,
      `${lease.host}:${lease.pid}`,
      lease.run ?? '',
      relativeTime(lease.since, { now }),
      lease.expires < now ? 'lapsed' : app.isDead(lease) ? 'holder is gone' : 'held',
    ]);
    printTable(['lease', 'holder', 'run', 'since', 'state'], rows, invocation.output);
    return EXIT.ok;
  });

export const releaseLock: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const lease = (await app.leases.list()).find((candidate) => candidate.name === name);
    if (lease === undefined)
      throw new CadreError('not_found', `nobody holds "${name}"`, { hint: 'cadre lock show' });
    const gone = app.isDead(lease);
    if (!gone && invocation.options['force'] !== true) {
      throw new CadreError(
        'lease_held',
        `${name} is held by process ${lease.pid} on ${lease.host}, which is alive`,
        {
          hint: `cadre cancel ${lease.run ?? 'RUN'}, or cadre lock release ${name} --force`,
        },
      );
    }
    await app.leases.break(name);
    await app.audit.append({
      at: app.clock.now(),
      principal: app.principal,
      worker: 'cadre',
      action: 'lock',
      operation: 'release',
      target: name,
      decision: 'allowed',
      rule: gone ? 'holder is gone' : 'forced by the owning user',
      details: { holder: lease.holder, host: lease.host, pid: lease.pid },
    });
    invocation.output.document({ released: name });
    invocation.output.line(`released ${name}`);
    return EXIT.ok;
  });
