import { isCadreError } from '@cadre/core/errors';
import { plainText } from '@cadre/core/history';
import { createColors } from 'picocolors';
import type { Io } from './io.ts';
import { jsonText } from './json-text.ts';

export type Colours = ReturnType<typeof createColors>;

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
  readonly workspace?: string;
}

/** Where a command prints: for people, or as one JSON document. */
export interface Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly colours: Colours;
  readonly width: number;
  /** Cells of the terminal; absent where nobody's lines have an end. */
  readonly columns?: number;
  /** A line for people on standard output; nothing with --json. */
  line(text?: string): void;
  /** A remark on standard error; nothing with --quiet. */
  note(text: string): void;
  /** The one document on standard output; nothing without --json. */
  document(value: unknown): void;
}

const DEFAULT_WIDTH = 100;

export function createOutput(io: Io, options: GlobalOptions): Output {
  const json = options.json === true;
  const quiet = options.quiet === true;
  return {
    json,
    quiet,
    verbose: options.verbose === true,
    colours: createColors(io.colours && options.color !== false && !json),
    width: io.stdout.columns ?? DEFAULT_WIDTH,
    ...(io.stdout.columns === undefined ? {} : { columns: io.stdout.columns }),
    line: (text = '') => {
      if (!json) io.stdout.write(`${text}\n`);
    },
    note: (text) => {
      if (!quiet) io.stderr.write(`${text}\n`);
    },
    document: (value) => {
      if (json) io.stdout.write(`${jsonText(value, 2)}\n`);
    },
  };
}

/** Three lines at most: what, why, what to do. A fault of the program itself shows where it happened. */
export function printError(error: unknown, io: Io, options: GlobalOptions): void {
  const output = createOutput(io, options);
  if (output.json) {
    output.document({ error: errorDocument(error) });
    return;
  }
  const { red, dim } = createColors(io.colours && options.color !== false);
  const { code, message, hint } = errorDocument(error);
  io.stderr.write(`${red('error')} ${plainLines(message)} ${dim(`[${code}]`)}\n`);
  if (hint !== undefined) io.stderr.write(`  try: ${plainLines(hint)}\n`);
  if (output.verbose && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
  if (!isCadreError(error) && !output.verbose)
    io.stderr.write('  this is a fault in Cadre: repeat with --verbose\n');
}

/** What a worker failed with may stand in it. */
function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n');
}

function errorDocument(error: unknown): { code: string; message: string; hint?: string; details?: unknown } {
  if (isCadreError(error)) {
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(error.details === undefined ? {} : { details: error.details }),
    };
  }
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
