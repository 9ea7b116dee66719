import { mkdir } from 'node:fs/promises';
import { defineAction, type StepReport } from '@cadre/sdk';
import { resolveInside } from '../tree/safe-path.ts';
import { today } from './baseline/read-baseline.ts';
import { collectOsv } from './dependencies/advisories/collect-osv.ts';
import { writeImported } from './dependencies/advisories/imported-database.ts';
import { count } from './report/audit-report.ts';

export interface ImportInput {
  /** Folder of the workspace with records of the Open Source Vulnerability schema, one JSON file each, at any depth. */
  readonly path: string;
}

/** More than this many broken records are counted and not named. */
const NAMED = 20;

/** Makes a folder of OSV records the offline database. The former one goes only when the new one is complete. */
export const advisoriesImport = defineAction<ImportInput, StepReport>(async (input, context) => {
  const folder = await resolveInside(context.workspace, input.path);
  const { advisories, until, others, invalid } = await collectOsv(folder, input.path, context.signal);
  if (context.mode === 'apply') {
    await mkdir(context.dataDir, { recursive: true });
    await writeImported(context.dataDir, advisories, { until, imported: today() });
  }
  return {
    summary: `${count(advisories.length, 'advisory', 'advisories')} imported, the newest of ${until}`,
    changes: [],
    findings: [],
    metrics: { advisories: advisories.length, others, invalid: invalid.length },
    artifacts: [],
    skipped: invalid.slice(0, NAMED).map(({ path, problem }) => ({
      tool: 'cadre',
      reason: 'invalid_record',
      message: `${path} is no advisory: ${problem}`,
    })),
  };
});
