import { isCadreError } from '@cadre/core';
import { isInside } from '@cadre/kit/files';
import { type Effect, failure } from '@cadre/sdk';
import type { Confinement } from '../ports/action-runner.ts';
import type { GateObserver, Performed } from '../ports/gate.ts';
import type { OpenSnapshot, SeenChange } from '../ports/snapshots.ts';
import { type CallWay, changesAnything } from './call-way.ts';
import type { GateTools } from './gate-tools.ts';
import type { Subject } from './subject.ts';

interface Planned {
  readonly way: CallWay;
  readonly subject: Subject;
  readonly confinement: Confinement;
}

/**
 * Performs what may change files of the workspace between two looks at it, so that it can be undone. What cannot be kept
 * for lack of room is not performed: a change that cannot be taken back must be asked for by settings.
 */
export async function keepBefore(
  planned: Planned,
  observer: GateObserver,
  { snapshots }: GateTools,
  perform: () => Promise<Performed>,
): Promise<Performed> {
  if (!mayChangeFiles(planned)) return perform();
  // Runs inside a run are undone with it.
  const { run, root = run, step, attempt } = planned.subject.call;
  let snapshot: OpenSnapshot;
  try {
    snapshot = await snapshots.open({ run: root, step, attempt });
  } catch (error) {
    if (!isCadreError(error)) throw error;
    const { code, message, hint } = error;
    const why = failure(code, message, hint === undefined ? {} : { hint });
    return { outcome: { ok: false, failure: why }, effects: [] };
  }
  const { unkept } = snapshot;
  if (unkept > 0) {
    const message = `${unkept} files are too large or cannot be read: an undo would leave them as the run leaves them`;
    observer.log({ level: 'debug', message });
  }
  const close = () =>
    snapshot.close().catch((error: unknown) => {
      // What was done is done; the next look will see it.
      const reason = error instanceof Error ? error.message : String(error);
      observer.log({ level: 'warn', message: `what the step changed could not be noted: ${reason}` });
      return [];
    });
  try {
    const performed = await perform();
    const { effects } = performed;
    return { ...performed, effects: [...effects, ...unreported(await close(), effects)] };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What changed without the action saying so: not every program knows what it writes. */
function unreported(changes: readonly SeenChange[], effects: readonly Effect[]): readonly Effect[] {
  const told = effects.flatMap((effect) => (effect.kind === 'file' ? [effect.path] : []));
  const paths = new Set(told);
  const isTold = (path: string) => paths.has(path) || told.some((folder) => path.startsWith(`${folder}/`));
  return changes
    .filter(({ path }) => !isTold(path))
    .map(({ path, change }) => ({ kind: 'file', change, path }));
}

/** What the system lets it write decides, and not what it says of itself; but one that says it only reads is believed. */
function mayChangeFiles({ way, subject, confinement }: Planned): boolean {
  const { action, call, places } = subject;
  // What is called by an action is seen between the same two looks as that one, which may write wherever this one may.
  if (subject.caller !== undefined) return false;
  if (way !== 'apply' || call.loose === true || !changesAnything(action)) return false;
  return confinement.writable.some(
    (folder) =>
      folder !== places.data && (isInside(places.workspace, folder) || isInside(folder, places.workspace)),
  );
}
