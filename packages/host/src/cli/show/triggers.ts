import { plainText, type Trigger } from '@cadre/core';
import { explainRule, isKitError, parseRule } from '@cadre/kit/schedules';
import type { FiringRecord } from '../../ports/firing-store.ts';
import type { Output } from '../output.ts';
import { printTable } from './table.ts';

/** What fires a trigger, in a few words. */
export function whenOf({ name, on, timeZone }: Trigger): string {
  switch (on.kind) {
    case 'schedule':
      return inWords(on.rule, timeZone);
    case 'watch':
      return `changes of ${on.paths.join(', ')}`;
    case 'webhook':
      return `POST /api/v1/hooks/${name}, signed as ${on.signature}`;
    case 'event':
      return `the event ${on.topic}`;
    case 'manual':
      return `cadre trigger run ${name}`;
  }
}

function inWords(rule: string, timeZone: string | undefined): string {
  if (/^in\b/i.test(rule)) return `once, ${rule}`;
  try {
    return explainRule(parseRule(rule, { now: 0, ...(timeZone === undefined ? {} : { timeZone }) }));
  } catch (error) {
    if (isKitError(error)) return rule;
    throw error;
  }
}

/** `2027-03-28 03:00:00 GMT+02:00`: what the clocks of a zone read. */
export function wallTime(at: number, timeZone = 'UTC'): string {
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(
    at,
  );
  const offset = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName');
  return `${date} ${offset?.value ?? ''}`.trimEnd();
}

export function printFirings(firings: readonly FiringRecord[], output: Output): void {
  const rows = firings.map((firing) => [
    String(firing.id),
    firing.trigger,
    firing.status,
    wallTime(firing.due),
    String(firing.attempt),
    firing.run ?? '',
    firing.failure === undefined
      ? ''
      : plainText(`${firing.failure.code}: ${firing.failure.message.split('\n')[0]}`),
  ]);
  printTable(['firing', 'trigger', 'status', 'due', 'try?', 'run', 'why?'], rows, output);
}
