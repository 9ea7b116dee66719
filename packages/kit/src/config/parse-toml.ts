import { parse, TomlError } from 'smol-toml';
import { corruptConfig } from './corrupt.ts';
import type { ParsedText } from './parse-file.ts';
import type { Position } from './position.ts';
import { tomlStatements } from './toml-statements.ts';

export function parseToml(text: string, path: string): ParsedText {
  const data = parsed(text, path);
  return { data, locate: (parts) => positionOf(text, parts) };
}

function parsed(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The library appends the lines around the fault; the first line says what is wrong.
    const reason = error.message.split('\n')[0] ?? error.message;
    throw corruptConfig(path, { line: error.line, column: error.column }, reason, error);
  }
}

function positionOf(text: string, parts: readonly string[]): Position | undefined {
  const wanted = JSON.stringify(parts);
  const statement = tomlStatements(text).find(
    ({ path }) => JSON.stringify(path.slice(0, parts.length)) === wanted,
  );
  return statement === undefined ? undefined : { line: statement.first + 1, column: 1 };
}
