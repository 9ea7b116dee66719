import { duration } from '../format/time.ts';
import type { CronFields, Rule } from './rule.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** A rule in words, by which people check that it says what they mean: `at 07:00, Monday to Friday (Europe/Berlin)`. */
export function explainRule(rule: Rule): string {
  switch (rule.kind) {
    case 'once':
      return `once, at ${new Date(rule.at).toISOString()}`;
    case 'interval':
      return `every ${duration(rule.everyMs)}, counted from Monday 00:00 UTC`;
    case 'cron':
      return `${[timeOf(rule.fields), ...daysOf(rule.fields)].join(', ')} (${rule.timeZone})`;
  }
}

function timeOf({ second, minute, hour }: CronFields): string {
  const seconds = second.length === 1 && second[0] === 0 ? '' : ` and ${valuesOf(second, 60, 'second')}`;
  if (hour !== undefined && minute.length === 1 && seconds === '' && hour.length <= 6) {
    return `at ${hour.map((each) => `${two(each)}:${two(minute[0] ?? 0)}`).join(', ')}`;
  }
  const hours = hour === undefined ? 'of every hour' : `of ${valuesOf(hour, 24, 'hour')}`;
  return `at ${valuesOf(minute, 60, 'minute')}${seconds} ${hours}`;
}

function daysOf({ dayOfMonth, month, dayOfWeek }: CronFields): readonly string[] {
  const days = dayOfMonth && `on day ${runs(dayOfMonth, String)} of the month`;
  const weekdays = dayOfWeek && runs(dayOfWeek, (day) => DAYS[day] ?? '');
  const either =
    days !== undefined && weekdays !== undefined ? [`${days} or any ${weekdays}`] : [days, weekdays];
  const months = month && `in ${runs(month, (each) => MONTHS[each - 1] ?? '')}`;
  return [...either, months].filter((part): part is string => part !== undefined);
}

function valuesOf(values: readonly number[], all: number, unit: string): string {
  if (values.length === all) return `every ${unit}`;
  const [first = 0, second = first] = values;
  const step = second - first;
  const isEven = values.every((value, index) => value === first + index * step);
  if (values.length > 2 && isEven && step > 1 && first < step && (values.at(-1) ?? 0) + step >= all) {
    return `every ${step} ${unit}s${first === 0 ? '' : ` from ${first}`}`;
  }
  return `${unit} ${runs(values, String)}`;
}

/** `1 to 5, 9`. */
function runs(values: readonly number[], name: (value: number) => string): string {
  const parts: string[] = [];
  for (let index = 0; index < values.length; ) {
    let end = index;
    while (values[end + 1] === (values[end] ?? 0) + 1) end += 1;
    const [first = 0, last = 0] = [values[index], values[end]];
    if (end - index > 1) parts.push(`${name(first)} to ${name(last)}`);
    else parts.push(...values.slice(index, end + 1).map(name));
    index = end + 1;
  }
  return parts.join(', ');
}

const two = (value: number) => String(value).padStart(2, '0');
