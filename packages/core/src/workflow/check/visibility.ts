import { nearest } from '../../nearest.ts';
import type { Enclosure, PlacedStep } from '../walk-steps.ts';
import type { Step } from '../workflow.ts';

/** Who reads: a step, or with nothing around it what is evaluated at the very end. */
export interface Reader {
  readonly around: readonly Enclosure[];
}

export interface Unreadable {
  readonly code: string;
  readonly message: string;
  readonly suggestion?: string;
}

/**
 * Whether a reader finds the step `id` over and finds just one of it. Undefined when it does. It sees everything that its
 * order puts before it, inside other steps too, except steps that happen many times in a loop.
 */
export function whyUnreadable(
  id: string,
  reader: Reader,
  steps: ReadonlyMap<string, PlacedStep>,
): Unreadable | undefined {
  const target = steps.get(id);
  if (target === undefined) return unknownStep(id, reader, steps);
  const reason = whyNotBefore(target, reader) ?? whyMany(target, reader);
  return reason === undefined
    ? undefined
    : { code: 'unreadable_step', message: `the step "${id}" cannot be read here: ${reason}` };
}

function unknownStep(id: string, reader: Reader, steps: ReadonlyMap<string, PlacedStep>): Unreadable {
  const readable = [...steps.keys()].filter((name) => whyUnreadable(name, reader, steps) === undefined);
  const near = nearest(id, readable).map((name) =>
    /^\w+$/.test(name) ? `steps.${name}` : `steps["${name}"]`,
  );
  return {
    code: 'unknown_step',
    message: `there is no step "${id}"`,
    ...(near.length > 0 && { suggestion: `did you mean ${near.join(' or ')}?` }),
  };
}

/** How deep both stand in the same lists and steps. */
function commonDepth(target: Reader, reader: Reader): number {
  const depth = target.around.findIndex((enclosure, at) => {
    const other = reader.around[at];
    return other?.list !== enclosure.list || other.holder !== enclosure.holder;
  });
  return depth === -1 ? target.around.length : depth;
}

function whyNotBefore(target: PlacedStep, reader: Reader): string | undefined {
  const depth = commonDepth(target, reader);
  const [there, here] = [target.around[depth], reader.around[depth]];
  if (there === undefined) return whyNotAround(reader, depth);
  if (here === undefined)
    return reader.around.length === 0 ? undefined : 'it stands inside the step that reads it';
  return there.list === here.list ? whyNotBeside(there, here) : whyNotInOther(there, here, depth);
}

/** The target is the reader itself, or a step around it. */
function whyNotAround(reader: Reader, depth: number): string | undefined {
  const inner = reader.around[depth];
  if (inner === undefined) return 'a step cannot read itself';
  return inner.list.role === 'body' ? 'it stands around this one, so it is not over yet' : undefined;
}

function whyNotBeside(there: Enclosure, here: Enclosure): string | undefined {
  switch (here.list.order) {
    case 'at-once':
      return 'it is done at the same time';
    case 'sequence':
      return there.index < here.index ? undefined : 'it comes later';
    case 'graph':
      return undefined;
  }
}

/** Two lists of one step, or two of the workflow's own. */
function whyNotInOther(there: Enclosure, here: Enclosure, depth: number): string | undefined {
  if (depth > 0 && there.list.role === here.list.role)
    return 'it is in another branch, which is not done when this one is';
  const rank = (enclosure: Enclosure) =>
    (depth === 0 ? SECTIONS : ROLES).indexOf(
      String(depth === 0 ? enclosure.list.path[1] : enclosure.list.role),
    );
  return rank(there) < rank(here) ? undefined : 'it comes later';
}

const SECTIONS = ['steps', 'onFailure', 'finally'];
const ROLES = ['body', 'recover', 'compensate'];

function isLoop({ kind }: Step): boolean {
  return kind === 'forEach' || kind === 'repeat';
}

function whyMany(target: PlacedStep, reader: Reader): string | undefined {
  const depth = commonDepth(target, reader);
  const loop = target.around.find(
    ({ holder }, at) => at >= depth && isLoop(holder) && target.around[at + 1]?.list.role === 'body',
  );
  if (loop === undefined) return undefined;
  return loop.holder.kind === 'forEach'
    ? 'it is done once for each element; read the output of the forEach'
    : `it is done again and again; read the output of "${loop.holder.id}"`;
}
