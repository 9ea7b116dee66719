import type { Answer, Script, Statement } from './database.ts';
import { isFaultOfOne } from './sqlite-fault.ts';

/** One open connection of a database that answers at once. */
export interface Connection {
  run(statement: Statement): Answer;
  begin(): void;
  commit(): void;
  rollback(): void;
}

export interface GroupCommit {
  write<T>(script: () => Script<T>): Promise<T>;
  /** Writes what still waits. */
  flush(): void;
}

interface Waiting {
  readonly script: () => Script<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

type Result =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** More would keep the process from everything else for longer than some 10 ms. */
const MOST_AT_ONCE = 1_000;

/**
 * Lets the writes of many runs share one commit, because a commit waits for the disk and a statement does not. `toFault`
 * turns what the database threw into what the writer is told.
 *
 * Invariants
 * 1. Scripts run one after another in the order in which they were asked for.
 * 2. Nobody hears of success before the commit that holds the write has been synced.
 * 3. A script that fails leaves nothing behind and takes nobody along: the group is run again, each script alone.
 * 4. No transaction is open between two turns of the event loop, so a read never sees half a write.
 */
export function createGroupCommit(connection: Connection, toFault: (error: unknown) => unknown): GroupCommit {
  const waiting: Waiting[] = [];
  let scheduled = false;

  function commitNext(): void {
    scheduled = false;
    const group = waiting.splice(0, MOST_AT_ONCE);
    if (waiting.length > 0) schedule();
    if (group.length === 0) return;
    const results = commit(connection, group);
    group.forEach((one, index) => {
      const result = results[index];
      if (result?.ok === true) one.resolve(result.value as never);
      else one.reject(toFault(result?.error));
    });
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(commitNext);
  }

  return {
    write: (script) =>
      new Promise((resolve, reject) => {
        waiting.push({ script, resolve: resolve as (value: never) => void, reject });
        schedule();
      }),
    flush() {
      while (waiting.length > 0) commitNext();
    },
  };
}

function commit(connection: Connection, group: readonly Waiting[]): readonly Result[] {
  try {
    connection.begin();
    const values = group.map((one) => ({ ok: true, value: run(connection, one.script()) }) as const);
    connection.commit();
    return values;
  } catch (error) {
    connection.rollback();
    // Invariant 3.
    if (group.length > 1 && isFaultOfOne(error)) return group.flatMap((one) => commit(connection, [one]));
    return group.map(() => ({ ok: false, error }));
  }
}

/** Runs a script straight through, inside whatever transaction is open. */
export function run<T>(connection: Connection, script: Script<T>): T {
  let step = script.next();
  while (step.done !== true) step = script.next(connection.run(step.value));
  return step.value;
}
