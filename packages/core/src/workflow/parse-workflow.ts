import type { JsonValue } from '@cadre/sdk';
import { compileWorkflow } from './compile-workflow.ts';
import type { WorkflowDocument } from './document.ts';
import { DOCUMENT } from './document-shape.ts';
import { duplicateIds } from './duplicate-ids.ts';
import { formatPath } from './path.ts';
import { type FindPosition, rememberPositions } from './positions.ts';
import { readDocument } from './read-document.ts';
import type { Fault } from './shape.ts';
import type { Parsed, Problem } from './workflow.ts';

export interface ParseOptions {
  /** What messages about the whole document call it. */
  readonly file?: string;
}

/**
 * A workflow of a YAML or JSON text. Never throws. What is not a workflow of the language is told in full, with line and
 * column; names, types and expressions are left to `checkWorkflow`.
 */
export function parseWorkflow(text: string, options: ParseOptions = {}): Parsed {
  const read = readDocument(text, options.file ?? 'the document');
  if (!read.ok) return read;
  return compileDocument(read.value, read.findPosition, read.findKey);
}

/** More than anybody reads, and finding the place of each in a large map is not free. */
const MOST_PROBLEMS = 100;

/** The same for a document that is a value already. */
export function compileDocument(value: JsonValue, findPosition: FindPosition, findKey: FindPosition): Parsed {
  const problems: Problem[] = [];
  const report = (fault: Fault) => {
    if (problems.length < MOST_PROBLEMS)
      problems.push(toProblem(fault, fault.atKey ? findKey : findPosition));
  };
  DOCUMENT.check(value, [], report);
  if (problems.length > 0) return { ok: false, problems };
  const workflow = compileWorkflow(value as unknown as WorkflowDocument, findPosition);
  duplicateIds(workflow).forEach(report);
  if (problems.length > 0) return { ok: false, problems };
  rememberPositions(workflow, findPosition);
  return { ok: true, workflow, problems };
}

function toProblem({ code, message, path, suggestion }: Fault, find: FindPosition): Problem {
  const position = find(path);
  return {
    severity: 'error',
    code,
    message,
    path: formatPath(path),
    ...(position !== undefined && { position }),
    ...(suggestion !== undefined && { suggestion }),
  };
}
