import { formatPath } from '../path.ts';
import { type FindPosition, writtenPath } from '../positions.ts';
import type { Fault } from '../shape.ts';
import type { Problem, Step } from '../workflow.ts';

/** A fault of a workflow that is one by its shape. */
export interface Finding extends Fault {
  /** It can be run as it is. */
  readonly warning?: true;
  /** The step that it is in: where it stands when nothing nearer is known. */
  readonly step?: Step;
}

export function toProblem(finding: Finding, find: FindPosition): Problem {
  const { code, message, suggestion, step } = finding;
  const path = writtenPath(finding.path, step);
  const position = find(path) ?? step?.position;
  return {
    severity: finding.warning ? 'warning' : 'error',
    code,
    message,
    path: formatPath(path),
    ...(position !== undefined && { position }),
    ...(suggestion !== undefined && { suggestion }),
  };
}
