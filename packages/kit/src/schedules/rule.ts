/** When something is due. Plain data; times are milliseconds since 1970. */
export type Rule = CronRule | IntervalRule | OnceRule;

export interface CronRule {
  readonly kind: 'cron';
  /** As it was written. */
  readonly text: string;
  readonly timeZone: string;
  readonly fields: CronFields;
  /**
   * `wall`: at most once in an hour that it names: a time on the wall clock. `elapsed`: in every hour, or several times in
   * one: every moment at which the clock reads so, those that a clock change repeats too.
   */
  readonly pace: 'wall' | 'elapsed';
}

/** Six fields; each the values that it allows, in order, and undefined for a field that says `*`. */
export interface CronFields {
  readonly second: readonly number[];
  readonly minute: readonly number[];
  readonly hour: readonly number[] | undefined;
  readonly dayOfMonth: readonly number[] | undefined;
  readonly month: readonly number[] | undefined;
  /** 0 is Sunday. */
  readonly dayOfWeek: readonly number[] | undefined;
}

/** At whole multiples since Monday, 5 January 1970, 00:00 UTC, so that every process finds the same times. */
export interface IntervalRule {
  readonly kind: 'interval';
  readonly text: string;
  readonly everyMs: number;
}

export interface OnceRule {
  readonly kind: 'once';
  readonly text: string;
  readonly at: number;
}
