import type { NumberedEvent } from '@cadre/core';
import type { Alongside, SharedJournal, Turn } from '../ports/shared-journal.ts';
import type { Appended } from '../ports/store.ts';
import type { Wire } from '../ports/wire.ts';
import type { PostgresAddress } from './postgres-address.ts';
import { tell } from './postgres-listener.ts';
import type { Sessions } from './postgres-sessions.ts';
import { readEvent } from './sql/events.ts';
import { writeTurns } from './write-turns.ts';

/** More costs hardly less for each, and leaves nothing to decide upon while the commit is under way. */
const MOST_TURNS = 100;
/** One commit waits for the disk while the next one is filled; a third gave nothing. */
const AT_ONCE = 2;
/** So many wait for the second only when they are many. */
const WORTH_A_SECOND = 50;

const MOST_EVENTS = 10_000;
const MOST_DUE = 100;

interface Waiting<Beside> {
  readonly turn: Turn<Beside>;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns of many runs, a commit for as many as have come meanwhile.
 * Invariants
 * 1. What `writeTurns` keeps of a turn is all of it, or none.
 * 2. What stands beside a turn is in the same transaction, and the others are told by it; over a wire right after it.
 */
export function createPostgresJournal<Beside>(
  sessions: Sessions,
  address: PostgresAddress,
  alongside: Alongside<Beside>,
  wire?: Pick<Wire, 'publish'>,
): SharedJournal<Beside> {
  const waiting: Waiting<Beside>[] = [];
  let working = 0;

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.splice(0, MOST_TURNS);
      try {
        const turns = group.map(({ turn }) => turn);
        const { outcomes, later } = await sessions.transactSending(async (client) => {
          const later: string[] = [];
          const tellOthers = async (lines: readonly string[]) => {
            if (wire === undefined) await tell(client, address, lines);
            else later.push(...lines);
          };
          const { outcomes, written } = await writeTurns(client, alongside, turns, tellOthers);
          return { value: { outcomes, later }, last: written };
        });
        // What is told too early would be looked for in vain.
        wire?.publish(later);
        group.forEach((one, index) => void one.resolve(outcomes[index] as Appended));
      } catch (error) {
        for (const one of group) one.reject(error);
      }
    }
    working -= 1;
  }

  return {
    advance: (turn) =>
      new Promise((resolve, reject) => {
        waiting.push({ turn, resolve, reject });
        if (working >= AT_ONCE || (working > 0 && waiting.length < WORTH_A_SECOND)) return;
        working += 1;
        setImmediate(() => void work());
      }),
    async readOn(known) {
      const { rows } = await sessions.ask(READ_ON, [
        known.map(({ run }) => run),
        known.map(({ after }) => after),
        MOST_EVENTS,
      ]);
      const events = new Map<string, NumberedEvent[]>();
      for (const row of rows) {
        const of = events.get(row.id) ?? [];
        of.push(readEvent(row));
        events.set(row.id, of);
      }
      return events;
    },
    async lastNumbers(runs) {
      const { rows } = await sessions.ask('SELECT id, number FROM runs WHERE id = ANY($1::text[])', [runs]);
      return new Map(rows.map(({ id, number }) => [id, number]));
    },
    async putOff(run, number, wakeAt) {
      await sessions.ask(PUT_OFF, [run, number, wakeAt ?? null]);
    },
    async takeDue(now, againMs) {
      const { rows } = await sessions.ask(TAKE_DUE, [now, now + againMs, MOST_DUE]);
      return rows.map(({ id }) => id);
    },
    async nextDue() {
      const { rows } = await sessions.ask(
        'SELECT min(wake_at) AS at FROM runs WHERE wake_at IS NOT NULL',
        [],
      );
      return rows[0]?.at ?? undefined;
    },
    async listUntimed(thorough) {
      const { rows } = await sessions.ask(LIST_UNTIMED, [
        thorough ? ['queued', 'running', 'cancelling', 'waiting'] : ['queued', 'running', 'cancelling'],
      ]);
      return new Map(rows.map(({ id, number }) => [id, number]));
    },
  };
}

const READ_ON = `SELECT wanted.id, events.number, events.version, events.event
  FROM unnest($1::text[], $2::bigint[]) AS wanted (id, after)
  JOIN runs ON runs.id = wanted.id
  CROSS JOIN LATERAL (SELECT number, version, event FROM events WHERE events.run = runs.key
    AND events.number > wanted.after ORDER BY number LIMIT $3) AS events
  ORDER BY runs.key, events.number`;

/** Pushed on and not cleared: should this process die before it has decided, another one is given the run. */
const TAKE_DUE = `UPDATE runs SET wake_at = $2 WHERE key IN (
    SELECT key FROM runs WHERE wake_at <= $1 AND ended_at IS NULL ORDER BY wake_at LIMIT $3 FOR UPDATE SKIP LOCKED)
  RETURNING id`;

const PUT_OFF = 'UPDATE runs SET wake_at = $3 WHERE id = $1 AND number = $2 AND ended_at IS NULL';

const LIST_UNTIMED = `SELECT id, number FROM runs
  WHERE mode = 'apply' AND status = ANY($1::text[]) AND wake_at IS NULL ORDER BY key`;
