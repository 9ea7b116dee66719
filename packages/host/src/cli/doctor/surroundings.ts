import { diskFree } from '@cadre/kit/files';
import { bytes } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Check } from './check.ts';

const LITTLE_DISK_BYTES = 1024 ** 3;

export async function diskCheck(app: App): Promise<Check> {
  const { free } = await diskFree(app.dataDir);
  const state = free < LITTLE_DISK_BYTES ? 'warning' : 'ok';
  return {
    what: 'disk',
    state,
    detail: `${bytes(free)} free`,
    hint: 'make room: backups and journals are kept there',
  };
}

export async function gitCheck(app: App): Promise<Check> {
  const outcome = await app.call('git/status', {});
  if (!outcome.ok) {
    const { message, hint } = outcome.failure;
    return { what: 'git', state: 'warning', detail: message, ...(hint === undefined ? {} : { hint }) };
  }
  const { branch, entries } = outcome.output as unknown as {
    branch?: string | null;
    entries: readonly unknown[];
  };
  return {
    what: 'git',
    state: 'ok',
    detail: `on ${branch ?? 'no branch'}, ${entries.length} paths not committed`,
  };
}

export async function leaseChecks(app: App): Promise<Check[]> {
  const leases = await app.leases.list();
  return leases
    .filter((lease) => lease.expires > app.clock.now())
    .map((lease) => ({
      what: `lease ${lease.name}`,
      state: app.isDead(lease) ? ('warning' as const) : ('ok' as const),
      detail: `held by process ${lease.pid} on ${lease.host}`,
      hint: 'its holder is gone: it is taken over by the next run',
    }));
}

export async function failureChecks(app: App): Promise<Check[]> {
  const { runs } = await app.engine.list({ status: ['failed', 'timed_out'], mode: 'apply', limit: 3 });
  return runs.map((run) => ({
    what: 'last failures',
    state: 'warning' as const,
    detail: `${run.id} ${run.workflow}: ${run.failureCode ?? run.status}`,
    hint: `cadre show ${run.id}`,
  }));
}
