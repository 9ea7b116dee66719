import { extname } from 'node:path';
import { KitError } from '../error.ts';
import { corruptConfig } from './corrupt.ts';
import { parseJson } from './parse-json.ts';
import { parseToml } from './parse-toml.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Position } from './position.ts';

export type ConfigFormat = 'json' | 'yaml' | 'toml';

export type Tree = Readonly<Record<string, unknown>>;

export interface ParsedConfig {
  readonly data: Tree;
  /** Where the key stands that was written as these parts, or the nearest one above it. */
  locate(parts: readonly string[]): Position;
}

/** What a parser of one format gives before it is known to hold keys and values. */
export interface ParsedText {
  readonly data: unknown;
  locate(parts: readonly string[]): Position | undefined;
}

const PARSERS: Record<ConfigFormat, (text: string, path: string) => ParsedText> = {
  json: parseJson,
  yaml: parseYaml,
  toml: parseToml,
};

const START: Position = { line: 1, column: 1 };

/** By the ending of the name. Throws `invalid_value` for any other. */
export function formatOf(path: string): ConfigFormat {
  const ending = extname(path).slice(1).toLowerCase();
  if (ending === 'json' || ending === 'toml' || ending === 'yaml') return ending;
  if (ending === 'yml') return 'yaml';
  throw new KitError('invalid_value', `${path} is no settings file`, { hint: 'use .yaml, .toml or .json' });
}

/** An empty file holds no settings. Throws `config_corrupt` with line and column in message and details. */
export function parseConfig(path: string, text: string): ParsedConfig {
  const parsed = PARSERS[formatOf(path)](text.replace(/^\ufeff/, ''), path);
  const data = parsed.data ?? {};
  if (!isTree(data)) throw corruptConfig(path, START, 'it must hold keys and values');
  return { data, locate: (parts) => nearestPosition(parsed, parts) };
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function nearestPosition(parsed: ParsedText, parts: readonly string[]): Position {
  if (parts.length === 0) return START;
  return parsed.locate(parts) ?? nearestPosition(parsed, parts.slice(0, -1));
}
