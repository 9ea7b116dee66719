import { getCallSites } from 'node:util';
import { visible } from '../format/visible.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Anything that belongs to a line. `error` may be an Error; `name`, `run` and `step` say where it comes from. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line before it is text. */
export interface LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly name?: string;
  readonly run?: string;
  readonly step?: string;
  readonly file?: string;
  readonly line?: number;
  readonly exception?: LoggedError;
  readonly [extra: string]: unknown;
}

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** Own fields of a record that a caller's extras must not replace. */
const OWN = ['time', 'level', 'message'];
/** In this order in a text line, without their names. */
const PLACES = ['name', 'run', 'step'];

export function toRecord(at: number, level: LogLevel, message: string, fields: LogFields): LogRecord {
  const { error, ...extras } = fields;
  const others = Object.entries(extras).filter(([key, value]) => !OWN.includes(key) && value !== undefined);
  return {
    time: new Date(at).toISOString(),
    level,
    message,
    ...Object.fromEntries(others),
    ...(error === undefined ? {} : { exception: toLoggedError(error) }),
  };
}

/** File and line of the function so many calls above the one that asks. */
export function callerAbove(calls: number): { readonly file: string; readonly line: number } | undefined {
  const site = getCallSites(calls + 2)[calls + 1];
  return site === undefined ? undefined : { file: site.scriptName, line: site.lineNumber };
}

/** The same record with every text in it masked, before it is written in any form. */
export function maskRecord(record: LogRecord, mask: (text: string) => string): LogRecord {
  return maskValue(record, mask, new Set()) as LogRecord;
}

export function jsonLine(record: LogRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** `2026-01-31T14:05:09.123Z WARN  git run_1 commit: message key=value`, a stack on indented lines below. */
export function textLine(record: LogRecord): string {
  const { time, level, message, exception, file, line, ...rest } = record;
  const places = PLACES.flatMap((key) => (rest[key] === undefined ? [] : [String(rest[key])]));
  const extras = Object.entries(rest)
    .filter(([key]) => !PLACES.includes(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`);
  const source = file === undefined ? [] : [`(${file}:${line})`];
  const origin = places.length === 0 ? '' : `${places.join(' ')}: `;
  const head = `${time} ${level.toUpperCase().padEnd(5)} ${origin}${[message, ...extras, ...source].join(' ')}`;
  return `${visible(head)}\n${exception === undefined ? '' : exceptionLines(exception)}`;
}

function quoted(text: string): string {
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function exceptionLines(exception: LoggedError): string {
  const text = exception.stack ?? `${exception.type}: ${exception.message}`;
  const lines = text.split('\n').map((line) => `    ${visible(line.trimEnd())}\n`);
  return (
    lines.join('') +
    (exception.cause === undefined ? '' : `    caused by\n${exceptionLines(exception.cause)}`)
  );
}

function toLoggedError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(stack === undefined ? {} : { stack }),
    // Causes may go round in a circle.
    ...(cause === undefined || depth === 8 ? {} : { cause: toLoggedError(cause, depth + 1) }),
  };
}

/** What JSON cannot hold becomes text, so that a line is always written. */
function maskValue(value: unknown, mask: (text: string) => string, above: Set<object>): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (above.has(value)) return '(circular)';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  const inside = new Set(above).add(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask, inside));
  const entries = Object.entries(value).map(([key, item]) => [mask(key), maskValue(item, mask, inside)]);
  return Object.fromEntries(entries);
}
