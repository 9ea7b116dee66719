import type { Retry } from '@cadre/core';
import type { FiringEnd } from '../ports/firing-store.ts';
import type { InboxContext } from './context.ts';

const MOST_AT_ONCE = 200;

/** Notes what became of runs that are over: done, tried again later, or dead. */
export async function settleFirings(context: InboxContext): Promise<void> {
  const { firings, clock } = context;
  for (;;) {
    const over = await firings.listOver(MOST_AT_ONCE);
    await Promise.all(
      over.map(async (one) => {
        const { id, attempt } = one.firing;
        await firings.end(id, attempt, clock.now(), await endOf(context, one));
      }),
    );
    if (over.length < MOST_AT_ONCE) return;
  }
}

type Over = Awaited<ReturnType<InboxContext['firings']['listOver']>>[number];

async function endOf(context: InboxContext, { firing, run, failureCode = run }: Over): Promise<FiringEnd> {
  if (run === 'succeeded' || run === 'cancelled') return { status: run };
  const failure = { code: failureCode, message: await messageOf(context, firing.run ?? '', run) };
  const trigger = (await context.triggers()).find(({ name }) => name === firing.trigger);
  const delay =
    trigger === undefined
      ? undefined
      : retryDelay(trigger.retry, firing.attempt, failureCode, context.clock.random());
  return delay === undefined
    ? { status: 'dead', failure }
    : { status: 'waiting', notBefore: context.clock.now() + delay, failure };
}

async function messageOf({ engine }: InboxContext, run: string, status: string): Promise<string> {
  const { state } = await engine.get(run);
  return `${run}: ${state.failure?.message ?? status}`;
}

/** How long until the next try; undefined: there is none. With `on` only those failures are tried again. */
export function retryDelay(retry: Retry, attempt: number, code: string, chance: number): number | undefined {
  if (attempt >= retry.attempts) return undefined;
  if (retry.on !== undefined && !retry.on.includes(code)) return undefined;
  const delay = Math.min(retry.maxDelayMs, retry.delayMs * retry.backoff ** (attempt - 1));
  return Math.round(retry.jitter === 'full' ? delay * chance : delay);
}
