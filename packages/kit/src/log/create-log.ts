import {
  callerAbove,
  jsonLine,
  LOG_LEVELS,
  type LogFields,
  type LogLevel,
  type LogRecord,
  maskRecord,
  textLine,
  toRecord,
} from './record.ts';
import { createRotatingFile } from './rotating-file.ts';

export type LogFormat = 'text' | 'json';

export interface LogOptions {
  /** Absolute path; its folder is made. Without it nothing is written to a file. */
  readonly file?: string;
  /** Default 5 MiB. */
  readonly maxBytes?: number;
  /** Files kept in all. Default 5. */
  readonly keep?: number;
  /** Of the file. Default `info`. */
  readonly level?: LogLevel;
  /** Of the file. Default `text`. */
  readonly format?: LogFormat;
  readonly console?: {
    readonly stream?: { write(text: string): unknown };
    /** Default `warn`. */
    readonly level?: LogLevel;
    readonly format?: LogFormat;
  };
  /** Every text goes through it before it is written. */
  readonly mask?: (text: string) => string;
  /** On every line, for example `{ name: 'engine', run: 'run_1' }`. */
  readonly fields?: LogFields;
  /** Adds file and line of the caller to each record; costs some microseconds a line. */
  readonly source?: boolean;
  readonly now?: () => number;
  /** Told once when the file cannot be written; default: a warning on the console. */
  readonly onFileFailure?: (error: unknown) => void;
}

export interface Log extends AsyncDisposable {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with more fields on every line. */
  with(fields: LogFields): Log;
  flush(): Promise<void>;
  /** Writes what waits; later lines go to the console only. */
  close(): Promise<void>;
}

interface Sink {
  readonly level: LogLevel;
  readonly format: LogFormat;
  write(text: string): void;
}

const FORMATS: Readonly<Record<LogFormat, (record: LogRecord) => string>> = {
  text: textLine,
  json: jsonLine,
};

/**
 * Writes lines to a rotating file and to a console, each with a level and a format of its own. A file that cannot be
 * written is one warning on the console, and the program goes on.
 */
export function createLog(options: LogOptions = {}): Log {
  const { mask = (text) => text, now = Date.now } = options;
  const console = consoleSink(options.console ?? {});
  const file =
    options.file === undefined
      ? undefined
      : createRotatingFile({
          path: options.file,
          maxBytes: options.maxBytes ?? 5 * 1024 * 1024,
          keep: Math.max(1, options.keep ?? 5),
          onFailure: (error) => (options.onFileFailure ?? warnOnce)(error),
        });
  const warnOnce = (error: unknown) => {
    const record = toRecord(now(), 'warn', `cannot write the log file ${options.file}; going on without it`, {
      reason: error instanceof Error ? error.message : String(error),
    });
    console.write(FORMATS[console.format](record));
  };
  const sinks: readonly Sink[] = [
    console,
    ...(file === undefined
      ? []
      : [{ level: options.level ?? 'info', format: options.format ?? 'text', write: file.write } as const]),
  ];
  const write = (level: LogLevel, message: string, fields: LogFields) => {
    const wanted = sinks.filter((sink) => rank(level) >= rank(sink.level));
    if (wanted.length === 0) return;
    const place = options.source === true ? callerAbove(2) : undefined;
    const record = maskRecord(toRecord(now(), level, message, { ...place, ...fields }), mask);
    for (const sink of wanted) sink.write(FORMATS[sink.format](record));
  };
  const withFields = (fields: LogFields): Log => ({
    debug: (message, more) => write('debug', message, { ...fields, ...more }),
    info: (message, more) => write('info', message, { ...fields, ...more }),
    warn: (message, more) => write('warn', message, { ...fields, ...more }),
    error: (message, more) => write('error', message, { ...fields, ...more }),
    with: (more) => withFields({ ...fields, ...more }),
    flush: async () => file?.flush(),
    close: async () => file?.close(),
    [Symbol.asyncDispose]: async () => file?.close(),
  });
  return withFields(options.fields ?? {});
}

function consoleSink(options: NonNullable<LogOptions['console']>): Sink {
  return {
    level: options.level ?? 'warn',
    format: options.format ?? 'text',
    write: (text) => void (options.stream ?? process.stderr).write(text),
  };
}

function rank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}
