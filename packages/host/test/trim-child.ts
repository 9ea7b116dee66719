import { auditEvidence } from '../src/gate/audit-evidence.ts';
import { type TrimStep, trimAudit } from '../src/gate/trim-audit.ts';
import { openSqliteStore } from '../src/stores/open-sqlite-store.ts';

/**
 * Removes old records as `cadre clean` does and kills itself as soon as a step is done: after that nothing of it goes on.
 * Arguments: folder of the test, time, the step, how often it may be done.
 */
const [root = '', now = '', last = '', times = '1'] = process.argv.slice(2);
const store = await openSqliteStore(`${root}/data/cadre.db`);
let left = Number(times);
await trimAudit(
  {
    audit: store.audit,
    removal: store.auditRemoval,
    evidence: auditEvidence(`${root}/data`, `${root}/person`, { anchor: `${root}/elsewhere` }),
    clock: { now: () => Number(now) },
    keepMs: 1_000,
    archive: `${root}/archive`,
    told(step: TrimStep) {
      if (step === last) left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
    },
  },
  { planOnly: false, principal: 'user:ada' },
);
process.stdout.write('not killed');
