import { parse as parseToml, TomlError } from 'smol-toml';
import { parseAllDocuments } from 'yaml';
import type { Language } from '../language.ts';
import type { Problem } from './problem.ts';

/** Files that are called JSON and are read by programs that permit comments and trailing commas. */
const LENIENT_JSON = /(^|\/)([tj]sconfig[^/]*|\.eslintrc|\.babelrc|devcontainer|\.swcrc|api-extractor|deno|turbo|nx|biome|renovate|angular|language-configuration)\.json$|(^|\/)\.vscode\/|\.(jsonc|json5|code-workspace)$/;
/** Templates become YAML only when they are filled in. */
const TEMPLATE = /\{\{|\{%|<%/;

/** Faults of syntax in JSON, YAML and TOML. */
export function dataSyntaxProblems(path: string, text: string, language: Language | undefined): Problem[] {
  switch (language) {
    case 'json':
      return LENIENT_JSON.test(path) || text.trim() === '' ? [] : jsonProblems(text);
    case 'yaml':
      return TEMPLATE.test(text) ? [] : yamlProblems(text);
    case 'toml':
      return tomlProblems(text);
    default:
      return [];
  }
}

function jsonProblems(text: string): Problem[] {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ''));
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = /at position (\d+)/.exec(message)?.[1];
    const position = offset === undefined ? text.length : Number(offset);
    return [problem(text.slice(0, position).split('\n').length, message)];
  }
}

function yamlProblems(text: string): Problem[] {
  const errors = parseAllDocuments(text).flatMap((document) => document.errors);
  return errors.slice(0, 1).map((error) => problem(error.linePos?.[0].line ?? 1, error.message.split('\n', 1)[0] ?? ''));
}

function tomlProblems(text: string): Problem[] {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return [problem(error.line, error.message.split('\n', 1)[0] ?? '')];
  }
}

function problem(line: number, message: string): Problem {
  return { rule: 'syntax', severity: 'high', line, message, fix: 'correct the syntax' };
}
