import { isOver, type NumberedEvent, type RunState, type Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import { startLive } from '../show/live.ts';
import { askQuestion } from './ask-question.ts';
import { keepLog } from './keep-log.ts';

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
  run: { workflow: Workflow; inputs: JsonObject; mode: 'apply' | 'plan' },
  invocation: Invocation,
): Promise<Ended> {
  const id = await app.engine.start({ ...run, trigger: { kind: 'manual' }, principal: app.principal });
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
  const live = startLive(workflow, invocation);
  const log = app.log.with({ run: id, workflow: workflow.name });
  const answered = new Set<number>();
  try {
    for await (const item of app.engine.watch(id, 0)) {
      live.show(item);
      keepLog(log, item);
      if (item.kind !== 'event' || item.event.type !== 'step.waiting' || answered.has(item.event.number))
        continue;
      answered.add(item.event.number);
      if (!(await answerHere(app, id, item.event, invocation, live))) break;
    }
    const { state } = await app.engine.get(id);
    return { id, state };
  } finally {
    live.close();
    io.interrupted.removeEventListener('abort', cancel);
  }
}

/** False when the question stays open. A deadline that passes meanwhile has answered it by its default. */
async function answerHere(
  app: App,
  id: string,
  event: Extract<NumberedEvent, { type: 'step.waiting' }>,
  invocation: Invocation,
  live: { pause<T>(work: () => Promise<T>): Promise<T> },
): Promise<boolean> {
  const answer = await live.pause(() => askQuestion(event.step, event.question, invocation));
  if (answer === undefined) return false;
  const { state } = await app.engine.get(id);
  if (isOver(state.status) || state.steps.get(event.step)?.status !== 'waiting') return true;
  await app.engine.answer(id, event.step, { by: app.principal, ...answer });
  return true;
}
