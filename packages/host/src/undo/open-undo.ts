import { CadreError, isOver, type RunState } from '@cadre/core';
import type { Engine } from '../engine/engine.ts';
import type { AuditStore } from '../ports/audit-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease, LeaseStore } from '../ports/lease-store.ts';
import type { CommitMove, FileChange, PutBack, Snapshots } from '../ports/snapshots.ts';
import type { RunStore } from '../ports/store.ts';
import { DOCUMENT, readUndone } from './read-undone.ts';
import { standingUndo, type UndoEntry } from './undo-entry.ts';

export interface UndoPlan {
  readonly run: string;
  /** False: nothing of the run is kept, because it changed nothing or newer runs have taken its place. */
  readonly kept: boolean;
  /** The run has not ended; undoing it cancels it first. */
  readonly unfinished: boolean;
  readonly changes: readonly FileChange[];
  readonly commits: readonly CommitMove[];
  /** It was undone before; then the changes are those that were left alone. */
  readonly undone?: UndoEntry;
}

/** Undoing runs. All methods throw `run_not_found`, and `lease_held` while a process performs the run. */
export interface Undo {
  plan(run: string): Promise<UndoPlan>;
  /** Does what the plan says, as far as it still holds then; the answer tells. */
  apply(run: string, by: string): Promise<UndoEntry>;
  /** Brings the run's changes back. Throws `not_found` when it was not undone. */
  takeBack(run: string, by: string): Promise<UndoEntry>;
  /** Every undoing of a run, the oldest first. */
  history(run: string): Promise<readonly UndoEntry[]>;
}

export interface UndoOptions {
  readonly engine: Pick<Engine, 'get' | 'cancel' | 'settled'>;
  readonly runs: Pick<RunStore, 'findDocument' | 'putDocument'>;
  readonly snapshots: Snapshots;
  readonly leases: Pick<LeaseStore, 'find'>;
  readonly audit: AuditStore;
  readonly clock: Clock;
  readonly isDead: (lease: Lease) => boolean;
  /** Keeps runs of the same workflow from changing the files meanwhile. */
  readonly holdLease: (
    name: string,
  ) => Promise<{ ok: true; release(): Promise<void> } | { readonly ok: false; readonly holder: Lease }>;
}

/**
 * Invariants
 * 1. Nothing that somebody else changed since is touched.
 * 2. What was undone is noted with the run, and in the audit record, after it was done; when the process dies before, the
 *    same undoing can be made again, and finds what was put back already as it was.
 */
export function openUndo(options: UndoOptions): Undo {
  const { engine, runs, snapshots, clock } = options;

  const history = (run: string) => readUndone(runs, run);

  const read = async (run: string): Promise<{ plan: UndoPlan; state: RunState }> => {
    const { state } = await engine.get(run);
    if (state.mode === 'plan') {
      throw new CadreError('invalid_usage', `${run} is a plan, which changed nothing`, {
        hint: 'cadre runs',
      });
    }
    refuseInner(run, state);
    await refuseWhilePerformed(run, options);
    const undone = standingUndo(await history(run));
    const { kept, active, changes, commits } = await snapshots.changes(run);
    if (active) throw performed(run, 'a process that lives');
    const left = undone && new Set(undone.left.map(({ path }) => path));
    const open = changes.filter(({ path }) => left?.has(path) ?? true);
    const plan = { run, kept, unfinished: !isOver(state.status), changes: open, commits };
    return { state, plan: undone === undefined ? plan : { ...plan, undone } };
  };

  const record = async (run: string, by: string, operation: string, put: PutBack) => {
    const { restored, removed, left } = put;
    await options.audit.append({
      at: clock.now(),
      principal: by,
      run,
      worker: 'cadre',
      action: 'undo',
      operation,
      decision: 'allowed',
      rule: 'asked for at the command line',
      outcome: left.length === 0 ? 'succeeded' : `${left.length} left alone`,
      details: { restored: [...restored], removed: [...removed], left: left.map(({ path }) => path) },
    });
  };

  const whileHeld = async <T>(state: RunState, work: () => Promise<T>): Promise<T> => {
    const taken = await options.holdLease(`workflow:${state.workflow}`);
    if (!taken.ok) throw performed(`a run of ${state.workflow}`, nameOf(taken.holder));
    return work().finally(() => taken.release());
  };

  return {
    history,
    plan: async (run) => (await read(run)).plan,
    async apply(run, by) {
      const { state } = await read(run);
      return whileHeld(state, async () => {
        if (!isOver(state.status)) {
          await engine.cancel(run, by, 'it is being undone');
          await engine.settled(run);
        }
        const entries = await history(run);
        const before = standingUndo(entries);
        const only = before && new Set(before.left.map(({ path }) => path));
        const id = clock.newId('undo');
        const put = await snapshots.putBack(run, id, only);
        const entry: UndoEntry = { id, at: clock.now(), by, ...put };
        await runs.putDocument(run, DOCUMENT, [...entries, entry]);
        await record(run, by, 'undo', put);
        return entry;
      });
    },
    async takeBack(run, by) {
      const { state } = await engine.get(run);
      await refuseWhilePerformed(run, options);
      return whileHeld(state, async () => {
        const entries = await history(run);
        const undone = standingUndo(entries);
        if (undone === undefined) {
          throw new CadreError('not_found', `${run} is not undone, so there is nothing to take back`, {
            hint: `see what undoing it would do: cadre undo ${run} --plan`,
          });
        }
        const put = await snapshots.putBack(undone.id, clock.newId('undo'));
        const entry: UndoEntry = { ...undone, takenBack: { at: clock.now(), by, ...put } };
        await runs.putDocument(
          run,
          DOCUMENT,
          entries.map((one) => (one === undone ? entry : one)),
        );
        await record(run, by, 'take back', put);
        return entry;
      });
    },
  };
}

/** What a run inside another one changed belongs to the whole. */
function refuseInner(run: string, { trigger }: RunState): void {
  const { kind, root } = trigger;
  if (kind !== 'workflow' || typeof root !== 'string') return;
  throw new CadreError('invalid_usage', `${run} is a part of ${root}, and is undone with it`, {
    hint: `cadre undo ${root}`,
  });
}

async function refuseWhilePerformed(run: string, { leases, isDead, clock }: UndoOptions): Promise<void> {
  const lease = await leases.find(`run:${run}`);
  if (lease === undefined || isDead(lease) || lease.expires <= clock.now()) return;
  throw performed(run, nameOf(lease), `end it first: cadre cancel ${run}`);
}

function nameOf({ pid, host }: Lease): string {
  return `the process ${pid} on ${host}`;
}

function performed(what: string, by: string, hint = 'wait until it has ended: cadre lock show'): CadreError {
  return new CadreError('lease_held', `${what} is being performed by ${by}`, { hint });
}
