/**
 * What the stores need of an SQL database, in the few words that SQLite and a database over a wire have in common.
 * Parameters are written `?1`, `?2` …; a database with another notation rewrites the text once.
 */
export interface Database {
  /** Sees everything that was written before it was asked. */
  read(sql: string, parameters: readonly SqlValue[]): Promise<readonly Row[]>;
  /**
   * Runs a script in a transaction, durably before it answers; scripts asked for at the same time share one commit.
   * A script may be run a second time when another one of its group failed, so it must not do anything but yield
   * statements. When it throws, nothing of it is kept. Of those with the same `turn` one runs after the other, whatever
   * process they come from: for what is numbered, or looked at before it is changed.
   */
  write<T>(script: () => Script<T>, turn?: string): Promise<T>;
  /** Something that is another one after anybody has written; undefined where nobody can say without asking. */
  stamp?(): string | undefined;
  close(): Promise<void>;
}

export type SqlValue = string | number | null;

export type Row = Readonly<Record<string, SqlValue>>;

/** `rows` says what is wanted: the rows, or how many were changed. Asking for both costs half as much again. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  readonly rows: boolean;
}

export interface Answer {
  readonly rows: readonly Row[];
  readonly changes: number;
}

/**
 * A write as a generator: it yields one statement after another and is handed the answer to each. An embedded database
 * runs it straight through; one over a wire can run many scripts in step and send each round of statements at once.
 */
export type Script<T> = Generator<Statement, T, Answer>;

export function query(sql: string, ...parameters: readonly SqlValue[]): Statement {
  return { sql, parameters, rows: true };
}

export function change(sql: string, ...parameters: readonly SqlValue[]): Statement {
  return { sql, parameters, rows: false };
}
