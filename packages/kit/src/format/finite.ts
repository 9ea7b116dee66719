import { KitError } from '../error.ts';

/** Not-a-number and infinity are faults of whoever computed them and must not reach a reader. */
export function finite(value: number, what: string): number {
  if (Number.isFinite(value)) return value;
  throw new KitError('invalid_value', `${what} cannot be ${value}`);
}
