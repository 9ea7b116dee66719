import type { Dialect } from '../dialect.ts';
import { JOURNAL } from './0001-journal.ts';
import { LINES } from './0002-lines.ts';
import { RUN_SUMMARY } from './0003-run-summary.ts';
import { RESULT_CACHE } from './0004-result-cache.ts';
import { FIRINGS } from './0005-firings.ts';
import { UPKEEP } from './0006-upkeep.ts';
import { ARTIFACTS } from './0007-artifacts.ts';
import { POOLS } from './0011-pools.ts';
import { LINEAR_COUNTS } from './0015-linear-counts.ts';
import { ONE_GUARD } from './0016-one-guard.ts';
import { STREAM_EVENTS } from './0017-streams.ts';
import { DEFINITIONS_GO } from './0018-definitions-go.ts';
import { TRANSACTIONS } from './0019-transactions.ts';
import { ARTIFACT_BYTES } from './0020-artifact-bytes.ts';
import { AUDIT_REMOVAL } from './0021-audit-removal.ts';

export interface Migration {
  /** Each once, in order. */
  readonly number: number;
  readonly name: string;
  /** What it does, in each dialect; all that differs between them stands here and in `dialect.ts`. */
  readonly statements: Readonly<Record<Dialect, readonly string[]>>;
}

export const MIGRATIONS: readonly Migration[] = [
  JOURNAL,
  LINES,
  RUN_SUMMARY,
  RESULT_CACHE,
  FIRINGS,
  UPKEEP,
  ARTIFACTS,
  POOLS,
  LINEAR_COUNTS,
  ONE_GUARD,
  STREAM_EVENTS,
  DEFINITIONS_GO,
  TRANSACTIONS,
  ARTIFACT_BYTES,
  AUDIT_REMOVAL,
];
