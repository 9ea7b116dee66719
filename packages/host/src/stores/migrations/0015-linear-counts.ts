import { COUNT, IN_ITS_SCHEMA, PG_ROOT, SIZES } from './0006-upkeep.ts';
import type { Migration } from './migrations.ts';

/**
 * On PostgreSQL what an update of many runs changes in the counts is what the rows say after it without what they said
 * before: joined by key, a commit of 200 runs compared 40,000 pairs, four times, which was more than half of what a run
 * cost the server. A run that is over never changes, so one that is over after an update was not before it.
 */
const POSTGRES = [
  `CREATE OR REPLACE FUNCTION runs_recounted() RETURNS trigger ${IN_ITS_SCHEMA}
    ${COUNT(`SELECT workflow, mode, status, 1 AS change FROM over
      UNION ALL SELECT workflow, mode, status, -1 FROM before`)};
    IF EXISTS (SELECT FROM over WHERE ended_at IS NOT NULL) THEN
      ${SIZES('over WHERE over.ended_at IS NOT NULL', PG_ROOT('over.id'), (column) => `octet_length(${column})`).join(';\n')};
    END IF;
    RETURN NULL;
  END $$`,
];

export const LINEAR_COUNTS: Migration = {
  number: 15,
  name: 'linear counts',
  statements: { sqlite: [], postgres: POSTGRES },
};
