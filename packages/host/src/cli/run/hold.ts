import { CadreError } from '@cadre/core';
import { duration, parseDuration } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import type { Prepared } from './prepare.ts';

/**
 * Does the work while holding the lease of the workflow in this workspace: two runs of it never change the same files at
 * once. Throws `lease_held`, naming the holder, when somebody else has it and the wait is over.
 */
export async function holdingWorkflow<T>(
  app: App,
  prepared: Prepared,
  invocation: Invocation,
  work: () => Promise<T>,
): Promise<T> {
  const name = `workflow:${prepared.workflow.name}`;
  const wait = prepared.flags.lockWait ?? app.config.lock.wait;
  const waitMs = parseDuration(/^\d+$/.test(wait) ? `${wait}s` : wait);
  const until = app.clock.now() + waitMs;
  for (;;) {
    const taken = await app.holdLease(name);
    if (taken.ok) {
      try {
        return await work();
      } finally {
        await taken.release();
      }
    }
    const { holder } = taken;
    const age = duration(Math.max(0, app.clock.now() - holder.since));
    const who = `process ${holder.pid} on ${holder.host}, since ${age}${holder.run === undefined ? '' : `, run ${holder.run}`}`;
    if (app.clock.now() >= until || invocation.io.interrupted.aborted) {
      throw new CadreError(
        'lease_held',
        `another run of ${prepared.workflow.name} holds this workspace: ${who}`,
        {
          hint: 'wait with --lock-wait 5m, look with: cadre lock show',
          details: { holder },
        },
      );
    }
    invocation.output.note(`waiting for ${who}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, until - app.clock.now())));
  }
}
