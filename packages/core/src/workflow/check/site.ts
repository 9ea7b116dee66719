import type { JsonValue } from '@cadre/sdk';
import { hasExpression } from '../../expression/template.ts';
import type { Path } from '../path.ts';
import { type Template, templatesOf } from '../templates.ts';
import type { PlacedStep, StepList } from '../walk-steps.ts';
import type { Step, Workflow } from '../workflow.ts';
import type { Reader } from './visibility.ts';

/** A string with expressions, and what they see. */
export interface Site extends View {
  readonly text: string;
  readonly path: Path;
  readonly use: Template['use'];
  /** The keys from the template down to this string; none where the string is the template. */
  readonly below: Path;
}

/** A site of which it is known whether its text is one expression and nothing else. */
export type WholeSite = Site & { readonly whole: boolean };

interface View {
  readonly step?: Step;
  /** Absent where no step has begun yet. */
  readonly reader?: Reader;
  /** Names that the steps around it bring in. */
  readonly variables: Variables;
  /** Whether `failure` means something: when a run has failed, and where a step is mended. */
  readonly failureKnown: boolean;
  /** Ids of steps that are readable besides those that the reader sees. */
  readonly ownSteps: ReadonlySet<string>;
}

/** The element of a forEach whose list is `items` as seen from `around`, a number, or what nobody knows yet. */
export type Variable = 'number' | 'unknown' | { readonly items: JsonValue; readonly around: Variables };

export type Variables = ReadonlyMap<string, Variable>;

/** All strings of a workflow that hold expressions. */
export function sitesOf(workflow: Workflow, placed: readonly PlacedStep[]): Site[] {
  const beginning: View = { variables: new Map(), failureKnown: false, ownSteps: new Set() };
  const end: View = { ...beginning, reader: { around: [] } };
  const group = workflow.concurrency?.group ?? null;
  const bodies = bodiesOf(placed);
  return [
    ...placed.flatMap((step) => sitesOfStep(step, bodies.get(step.step))),
    ...sitesIn({ template: workflow.outputs, path: [], use: 'text' }, ['spec', 'outputs'], end),
    ...sitesIn({ template: group, path: [], use: 'text' }, ['spec', 'concurrency', 'group'], beginning),
  ];
}

/** The list that a loop goes through, as the steps in it know it. */
function bodiesOf(placed: readonly PlacedStep[]): ReadonlyMap<Step, StepList> {
  return new Map(
    placed.flatMap(({ around }) => {
      const [holder, own] = [around.at(-2)?.holder, around.at(-1)];
      const isBody = holder?.kind === 'repeat' && own?.list.role === 'body';
      return isBody ? [[holder, own.list] as const] : [];
    }),
  );
}

function sitesOfStep(placed: PlacedStep, body: StepList | undefined): Site[] {
  const { step, path, around } = placed;
  const written: JsonValue = step.kind === 'unbuilt' ? step.written : null;
  const view: View = {
    step,
    reader: placed,
    variables: variablesAround(placed),
    failureKnown: around[0]?.list.path[1] !== 'steps' || around.some(({ list }) => list.role !== 'body'),
    ownSteps: new Set(textsUnder(written, 'id')),
  };
  return templatesOf(step).flatMap((template) =>
    sitesIn(template, path, template.inside === true ? insideOf(view, placed, body) : view),
  );
}

/** What is asked after the steps inside sees them, and how often they were gone through. */
function insideOf(view: View, { step, around }: PlacedStep, body: StepList | undefined): View {
  const variables = new Map<string, Variable>([...view.variables, ['iteration', 'number']]);
  if (body === undefined) return { ...view, variables };
  const end = { list: body, holder: step, index: body.steps.length };
  return { ...view, variables, reader: { around: [...around, end] } };
}

function sitesIn(template: Template, path: Path, view: View): Site[] {
  return stringsIn(template.template).map(({ text, below }) => ({
    ...view,
    text,
    path: [...path, ...template.path, ...below],
    use: template.use,
    below,
  }));
}

function stringsIn(value: JsonValue, below: Path = []): { text: string; below: Path }[] {
  if (typeof value === 'string') return hasExpression(value) ? [{ text: value, below }] : [];
  if (typeof value !== 'object' || value === null) return [];
  const list = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]) =>
    stringsIn(inner, [...below, list ? Number(key) : key]),
  );
}

/** From the outside in: inner names hide outer ones. */
function variablesAround({ around }: PlacedStep): Variables {
  let variables: Variables = new Map();
  for (const [depth, { holder }] of around.entries()) {
    if (around[depth + 1]?.list.role !== 'body') continue;
    if (holder.kind === 'repeat') variables = new Map([...variables, ['iteration', 'number']]);
    if (holder.kind !== 'forEach') continue;
    const element = { items: holder.items, around: variables };
    variables = new Map<string, Variable>([...variables, ['index', 'number'], [holder.as, element]]);
  }
  return variables;
}

function textsUnder(value: JsonValue, key: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : textsUnder(inner, key),
  );
}
