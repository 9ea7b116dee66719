import { setTimeout } from 'node:timers/promises';
import { isCadreError, isOver, type Question, type RunState, type Workflow } from '@cadre/core/history';
import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { Watched } from '../../engine/watch.ts';
import type { Invocation } from '../command.ts';
import { startLive } from '../show/live.ts';
import { askQuestion } from './ask-question.ts';
import { keepLog } from './keep-log.ts';
import { performMissing } from './perform-missing.ts';

export interface Ended {
  readonly id: string;
  readonly state: RunState;
}

/**
 * Starts a run and stays with it: shows it live, asks its questions at the terminal, cancels it on Ctrl-C. Ends when the
 * run is over, or waits for somebody who is not here.
 */
export async function performRun(
  app: App,
  run: {
    workflow: Workflow;
    inputs: JsonObject;
    mode: 'apply' | 'plan';
    profile?: string | undefined;
    noCache: boolean;
  },
  invocation: Invocation,
): Promise<Ended> {
  const { profile, ...request } = run;
  const trigger = { kind: 'manual', ...(profile === undefined ? {} : { profile }) };
  const id = await app.engine.start({ ...request, trigger, principal: app.principal });
  return stayWith(app, id, run.workflow, invocation);
}

/** Stays with a run that goes on already. */
export async function stayWith(
  app: App,
  id: string,
  workflow: Workflow,
  invocation: Invocation,
): Promise<Ended> {
  const { io } = invocation;
  const cancel = () =>
    void app.engine.cancel(id, app.principal, String(io.interrupted.reason)).catch(() => {});
  io.interrupted.addEventListener('abort', cancel, { once: true });
  if (io.interrupted.aborted) cancel();
  const stopLooking = await performMissing(app, id, workflow, invocation);
  const live = startLive(workflow, invocation);
  const log = app.log.with({ run: id, workflow: workflow.name });
  const leave = new AbortController();
  const inside: Promise<void>[] = [];
  try {
    for await (const item of app.engine.watch(id, 0, leave.signal)) {
      live.show(item);
      keepLog(log, item);
      await follow(id, item);
    }
    leave.abort();
    await Promise.all(inside);
    const { state } = await app.engine.get(id);
    return { id, state };
  } finally {
    leave.abort();
    stopLooking();
    live.close();
    io.interrupted.removeEventListener('abort', cancel);
  }

  /** Asks what a run asks, and what the runs inside it ask; leaves when a question stays open. */
  async function follow(run: string, item: Watched): Promise<void> {
    if (item.kind !== 'event') return;
    const { event } = item;
    if (event.type === 'step.started' && event.child !== undefined) inside.push(followChild(event.child));
    // Without a question it waits for a time or an event.
    if (event.type !== 'step.waiting' || event.question === undefined) return;
    if (!(await answerHere(app, run, event.step, event.question, invocation, live))) leave.abort();
  }

  /** Its id is known a moment before it is there; one that could not be started never is, and its step says why. */
  async function followChild(run: string): Promise<void> {
    for (let looks = 0; looks < 50 && !leave.signal.aborted; looks += 1) {
      try {
        for await (const item of app.engine.watch(run, 0, leave.signal)) await follow(run, item);
        return;
      } catch (error) {
        if (!isCadreError(error) || error.code !== 'run_not_found') throw error;
        await setTimeout(100);
      }
    }
  }
}

/** False when the question stays open. A deadline that passes meanwhile has answered it by its default. */
async function answerHere(
  app: App,
  id: string,
  step: string,
  question: Question,
  invocation: Invocation,
  live: { pause<T>(work: () => Promise<T>): Promise<T> },
): Promise<boolean> {
  const answer = await live.pause(() => askQuestion(step, question, invocation));
  if (answer === undefined) return false;
  const { state } = await app.engine.get(id);
  if (isOver(state.status) || state.steps.get(step)?.status !== 'waiting') return true;
  await app.engine.answer(id, step, { by: app.principal, ...answer });
  return true;
}
