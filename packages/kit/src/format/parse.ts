import { KitError } from '../error.ts';
import { DURATION_UNITS } from './time.ts';

const NUMBER = /(\d+(?:\.\d+)?)/y;
const UNIT = /[ \t]*([A-Za-zµ]*)/y;

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
  pib: 1024 ** 5,
};
const COUNTS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };
const DURATIONS: Readonly<Record<string, number>> = Object.fromEntries(DURATION_UNITS);

/** `1.5 MiB`, `10 MB`, `512` to bytes. Throws `invalid_value` with `details.position`. */
export function parseBytes(text: string): number {
  const hint = 'write for example 512, 10 MB (10,000,000) or 10 MiB (10,485,760)';
  return Math.round(parseOne(text, BYTES, 'a number of bytes', hint));
}

/** `1.2k` to 1200. Throws `invalid_value` with `details.position`. */
export function parseCount(text: string): number {
  return parseOne(text, COUNTS, 'a count', 'write for example 900, 1.2k or 3M');
}

/** `2h30m`, `1.5s`, `1d 4h` to milliseconds; units from large to small. Throws `invalid_value` with the position. */
export function parseDuration(text: string): number {
  const refuse = (at: number) => fault(text, at, 'a duration', 'write for example 250ms, 10s, 5m or 2h30m');
  let position = blanksFrom(text, 0);
  let total = 0;
  let last = Number.POSITIVE_INFINITY;
  do {
    const part = readPart(text, position);
    if (part === undefined) throw refuse(position);
    const size = DURATIONS[part.unit] ?? last;
    if (size >= last) throw refuse(part.unitAt);
    total += part.amount * size;
    last = size;
    position = blanksFrom(text, part.end);
  } while (position < text.length);
  return total;
}

function parseOne(text: string, units: Readonly<Record<string, number>>, what: string, hint: string): number {
  const start = blanksFrom(text, 0);
  const part = readPart(text, start);
  if (part === undefined) throw fault(text, start, what, hint);
  const size = units[part.unit.toLowerCase()];
  if (size === undefined) throw fault(text, part.unitAt, what, hint);
  const end = blanksFrom(text, part.end);
  if (end < text.length) throw fault(text, end, what, hint);
  const value = part.amount * size;
  if (!Number.isFinite(value)) throw fault(text, start, what, hint);
  return value;
}

function readPart(text: string, start: number) {
  const number = matchAt(NUMBER, text, start);
  if (number === undefined) return undefined;
  const numberEnd = start + number.length;
  const unit = matchAt(UNIT, text, numberEnd) ?? '';
  const unitAt = blanksFrom(text, numberEnd);
  return { amount: Number(number), unit: unit.trim(), unitAt, end: numberEnd + unit.length };
}

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

function blanksFrom(text: string, position: number): number {
  let end = position;
  while (text[end] === ' ' || text[end] === '\t') end += 1;
  return end;
}

function fault(text: string, position: number, what: string, hint: string): KitError {
  const message = `${JSON.stringify(text)} is not ${what}: position ${position + 1} is not understood`;
  return new KitError('invalid_value', message, { hint, details: { position } });
}
