import { corruptConfig } from './corrupt.ts';
import type { ParsedText } from './parse-file.ts';
import { locateNode } from './parse-yaml.ts';
import { positionAt } from './position.ts';

export function parseJson(text: string, path: string): ParsedText {
  if (text.trim() === '') return { data: {}, locate: () => undefined };
  try {
    // JSON is YAML, and the YAML parser is the one that tells where a key stands.
    return { data: JSON.parse(text), locate: locateNode(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const plain = reason.replace(/,? (\.\.\.)?".*is not valid JSON$|( in JSON)? at position .*$/s, '');
    throw corruptConfig(path, positionAt(text, faultOffset(text, reason)), plain, error);
  }
}

/** The platform tells the position in most messages, though not for an unexpected token and an early end. */
function faultOffset(text: string, reason: string): number {
  const told = / at position (\d+)/.exec(reason)?.[1];
  if (told !== undefined) return Number(told);
  if (!isUnexpectedToken(text)) return text.length;
  // Every text that is cut after the fault shows it and none that is cut before: halving finds it.
  let before = 0;
  let after = text.length;
  while (after - before > 1) {
    const middle = (before + after) >> 1;
    if (isUnexpectedToken(text.slice(0, middle))) after = middle;
    else before = middle;
  }
  return before;
}

function isUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return String(error).startsWith('SyntaxError: Unexpected token');
  }
}
