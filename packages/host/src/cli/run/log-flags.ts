import { basename, dirname, resolve } from 'node:path';
import { parseBytes } from '@cadre/kit/format';
import type { AppOptions } from '../../app-options.ts';
import { usageError } from '../exit.ts';
import { peekFlag } from './peek-flag.ts';

/** Where the log file of a run goes, for every command that runs work; stronger than variables and settings files. */
export const LOG_FLAGS: readonly (readonly [flags: string, description: string])[] = [
  ['--log-dir <folder>', 'folder of the log file'],
  ['--log-file <name>', 'name of the log file; with folders before it, its place'],
  ['--log-level <level>', 'least level that is written: debug, info, warn or error'],
  ['--log-format <format>', 'text or json'],
  ['--log-max-bytes <size>', 'size at which the file is rotated, for example 5MiB'],
  ['--log-keep <count>', 'rotated files kept'],
];

/** Their values by the names that options have, `--log-dir` as `logDir`; undefined when none was given. Level and format are checked with the settings. */
export function readLogFlags(
  options: Readonly<Record<string, unknown>>,
  cwd: string,
): AppOptions['log'] | undefined {
  const text = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  const [named, level, format] = [text('logFile'), text('logLevel'), text('logFormat')];
  const [maxBytes, keep] = [text('logMaxBytes'), text('logKeep')];
  const file = named === undefined ? undefined : basename(named);
  const dir = text('logDir') ?? (named === file ? undefined : dirname(named ?? ''));
  const log = {
    ...(dir === undefined ? {} : { dir: resolve(cwd, dir) }),
    ...(file === undefined ? {} : { file }),
    ...(level === undefined ? {} : { level }),
    ...(format === undefined ? {} : { format }),
    ...(maxBytes === undefined ? {} : { maxBytes: parseBytes(maxBytes) }),
    ...(keep === undefined ? {} : { keep: wholeNumber('--log-keep', keep) }),
  };
  return Object.keys(log).length === 0 ? undefined : (log as AppOptions['log']);
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw usageError(`${flag} takes a whole number, not "${text}"`);
}

/** The same flags from a command line that is parsed only when its workflow has been read. */
export function peekLogFlags(args: readonly string[]): Readonly<Record<string, string>> {
  const values = LOG_FLAGS.flatMap(([flags]) => {
    const [flag = ''] = flags.split(' ');
    const value = peekFlag(args, [flag]);
    const name = flag.slice(2).replaceAll(/-[a-z]/g, (letter) => letter.slice(1).toUpperCase());
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(values);
}
