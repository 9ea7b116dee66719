import { didYouMean } from '../nearest.ts';
import type { Workflow } from './workflow.ts';

/** Which input was probably meant, or which there are. */
export function suggestInput(name: string, workflow: Workflow): string {
  const names = Object.keys(workflow.inputs);
  const listed = names.length === 0 ? 'it has none' : `the inputs are ${names.join(', ')}`;
  return didYouMean(name, names) ?? listed;
}
