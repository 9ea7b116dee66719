import type { JsonValue } from '@cadre/sdk';
import { hasExpression } from '../../expression/template.ts';
import type { Path } from '../path.ts';
import { type Template, templatesOf } from '../templates.ts';
import type { Enclosure, PlacedStep } from '../walk-steps.ts';
import type { Step, Workflow } from '../workflow.ts';
import type { Reader } from './visibility.ts';

/** A string with expressions, and who reads with it. */
export interface Site {
  readonly text: string;
  readonly path: Path;
  readonly use: Template['use'];
  /** The string is the whole of what `use` is about, and not a part of it. */
  readonly whole: boolean;
  readonly reader: Reader;
  readonly step?: Step;
  /** Names that the steps around it bring in, with the forEach that does. */
  readonly variables: ReadonlyMap<string, Binding>;
  readonly failureKnown: boolean;
}

/** Where a variable comes from: the elements of a forEach, or unknown. */
export type Binding = { readonly forEach: PlacedStep } | 'number' | 'unknown';

/** All places of a workflow where expressions stand. */
export function sitesOf(workflow: Workflow, placed: readonly PlacedStep[]): Site[] {
  const end: Reader = { around: [] };
  return [
    ...placed.flatMap((step) => sitesOfStep(step, placed)),
    ...sitesIn(workflow.outputs, { path: ['spec', 'outputs'], use: 'text', reader: end }),
    ...sitesIn(workflow.concurrency?.group ?? null, { path: ['spec', 'concurrency', 'group'], use: 'text', reader: BEFORE }),
  ];
}
