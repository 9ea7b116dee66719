import { isOver, type Workflow } from '@cadre/core';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';

/** A worker may die while its run goes on. */
const LOOK_MS = 10_000;

/**
 * On a shared store a run is performed by workers; where nobody alive performs what it needs, this process does, for as
 * long as it stays. Answers the way to stop looking.
 */
export async function performMissing(
  app: App,
  run: string,
  workflow: Workflow,
  { output }: Invocation,
): Promise<() => void> {
  if (app.store.kind === 'sqlite') return () => undefined;
  let takeBack = () => {};

  async function look(): Promise<void> {
    const { state } = await app.engine.get(run);
    // A plan is rehearsed in the process that makes it.
    if (isOver(state.status) || state.mode === 'plan') return;
    const missing = await app.performers.listMissing(workflow, app.classOf);
    if (missing.length === 0) {
      takeBack = app.clock.wakeAt(app.clock.now() + LOOK_MS, () => void look().catch(() => undefined));
      return;
    }
    output.note(
      `no worker performs ${missing.join(', ')}: this process does so itself until the run is over`,
    );
    await app.performers.begin(undefined);
  }

  await look();
  return () => takeBack();
}
