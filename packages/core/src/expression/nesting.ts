import { CadreError } from '../errors.ts';

/**
 * The library names the type of a value by walking down its first elements, and keeps every name: a list in a list, three
 * thousand deep, took 660 ms and megabytes that never come back. No honest value is nested this deeply.
 */
const DEEPEST = 100;

/** Values are never changed, so each is walked once. */
const known = new WeakSet<object>();

/** Throws `expression_too_costly` when the value is nested too deeply for expressions to compute with. */
export function assertNesting(value: unknown): void {
  const waiting: (readonly [unknown, number])[] = [[value, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [inner, depth] = next;
    if (typeof inner !== 'object' || inner === null || known.has(inner)) continue;
    if (depth > DEEPEST) throw tooDeep();
    for (const element of Object.values(inner)) waiting.push([element, depth + 1]);
  }
  if (typeof value === 'object' && value !== null) known.add(value);
}

function tooDeep(): CadreError {
  return new CadreError('expression_too_costly', `a value is nested more than ${DEEPEST} deep`, {
    hint: 'read it in an action instead of an expression',
  });
}
