import { type ReportedStep, type RunState, runReport, type Workflow } from '@cadre/core/history';
import type { Effect, Finding, StepReport } from '@cadre/sdk';
import type { Records } from '../../app.ts';
import type { RunRecord } from '../../ports/store.ts';
import type { UndoEntry } from '../../undo/undo-entry.ts';
import type { StepEffects } from './effects.ts';
import { reportOf } from './report.ts';

/** Everything that a report, a comparison or an export says of a run. */
export interface RunDetails {
  readonly id: string;
  readonly record: RunRecord;
  readonly state: RunState;
  readonly workflow: Workflow;
  readonly rows: ReportedStep[];
  readonly effects: readonly StepEffects[];
  readonly undone: readonly UndoEntry[];
}

export async function runDetails(records: Records, id: string): Promise<RunDetails> {
  const [record, { state, workflow }, effects, undone] = await Promise.all([
    records.engine.record(id),
    records.engine.get(id),
    records.engine.effects(id),
    records.undone(id),
  ]);
  const all = effects as readonly { step: string; effects: readonly Effect[] }[];
  return { id, record, state, workflow, rows: runReport(workflow, state), effects: all, undone };
}

export interface StepFinding extends Finding {
  readonly step: string;
}

export function findingsOf({ rows }: RunDetails): readonly StepFinding[] {
  return rows.flatMap((row) => {
    const report: StepReport | undefined = reportOf(row);
    return (report?.findings ?? []).map((finding) => ({ ...finding, step: row.step }));
  });
}

/** Findings of two runs are the same when tool, rule, file and message are; lines move. */
export function findingKey({ tool, rule, file, message }: Finding): string {
  return JSON.stringify([tool, rule, file, message]);
}
