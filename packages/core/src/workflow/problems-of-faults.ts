import { formatPath } from './path.ts';
import type { ReadDocument } from './read-document.ts';
import { type Fault, suggest } from './shape.ts';
import type { Problem } from './workflow.ts';

/** Faults of a document, with the places of the text where they are. */
export function problemsOfFaults(
  faults: readonly Fault[],
  read: Extract<ReadDocument, { ok: true }>,
): readonly Problem[] {
  return faults.map(({ code, message, path, atKey, suggestion }): Problem => {
    const position = (atKey ? read.findKey : read.findPosition)(path);
    return {
      severity: 'error',
      code,
      message,
      path: formatPath(path),
      ...(position !== undefined && { position }),
      ...suggest(suggestion),
    };
  });
}
