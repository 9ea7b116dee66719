import type { Problem } from './problem.ts';

/** What git leaves in a file when a merge was not finished; all three marks, in their order, so that prose about them passes. */
export function conflictMarkers(text: string): Problem[] {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.startsWith('<<<<<<< '));
  const middle = lines.findIndex((line, index) => index > first && line.trimEnd() === '=======');
  const isConflict =
    first !== -1 &&
    middle !== -1 &&
    lines.some((line, index) => index > middle && line.startsWith('>>>>>>> '));
  if (!isConflict) return [];
  return [
    {
      rule: 'merge-conflict',
      severity: 'high',
      line: first + 1,
      message: 'a merge conflict was left in the file',
      fix: 'decide on one side and remove the marks',
    },
  ];
}
