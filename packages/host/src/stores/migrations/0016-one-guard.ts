import type { Migration } from './migrations.ts';

/**
 * On SQLite a trigger on each event took a fifth of what a run's writes cost (a program of its own for each of 13 events).
 * That a run which is over gets no more events is kept by its record instead: an event is part of the journal when the
 * record's number reaches it (`READ_EVENTS`), and the record of a run that is over never changes (migration 1). What
 * somebody writes by hand beyond it is read by nobody, and found by `checkDatabase`.
 *
 * What is kept of a run is counted as before, with one look at its lines where migration 6 took three.
 */
const root = (id: string) =>
  `CASE instr(${id}, '.') WHEN 0 THEN ${id} ELSE substr(${id}, 1, instr(${id}, '.') - 1) END`;

const count = (table: string) => `(SELECT count(*) FROM ${table} WHERE run = NEW.key)`;

const bytes = (table: string, column: string) =>
  `(SELECT coalesce(sum(octet_length(${column})), 0) FROM ${table} WHERE run = NEW.key)`;

export const ONE_GUARD: Migration = {
  number: 16,
  name: 'one guard',
  statements: {
    sqlite: [
      'DROP TRIGGER events_over',
      'DROP TRIGGER runs_kept',
      `CREATE TRIGGER runs_kept AFTER UPDATE OF ended_at ON runs WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
        INSERT INTO kept (class, ended_at, run, root, rows, bytes) VALUES (
          CASE NEW.mode WHEN 'plan' THEN 'plans' ELSE 'runs' END, NEW.ended_at, NEW.key, ${root('NEW.id')},
          NEW.number + ${count('effects')} + ${count('documents')},
          ${bytes('events', 'event')} + ${bytes('effects', 'effects')} + ${bytes('documents', 'document')});
        INSERT INTO kept (class, ended_at, run, root, rows, bytes)
          SELECT 'logs', NEW.ended_at, NEW.key, ${root('NEW.id')}, count(*), sum(octet_length(line))
            FROM logs WHERE run = NEW.key HAVING count(*) > 0;
      END`,
    ],
    postgres: [],
  },
};
