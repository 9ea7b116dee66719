import { isKitError, parseRule } from '@cadre/kit/schedules';
import { usageError } from '../exit.ts';

/** `--from 2027-01-31` or `--from 2027-01-31T08:00+01:00`, in UTC where no offset is said. */
export function timeOption(
  options: Readonly<Record<string, unknown>>,
  name: 'from' | 'to',
): number | undefined {
  const given = options[name];
  if (given === undefined) return undefined;
  try {
    const rule = parseRule(`at ${String(given)}`, { now: 0 });
    if (rule.kind === 'once') return rule.at;
  } catch (error) {
    if (!isKitError(error)) throw error;
  }
  throw usageError(`--${name} is a time, not '${String(given)}'`, `--${name} 2027-01-31T08:00`);
}
