import { parse as parseToml, TomlError } from 'smol-toml';
import { parseAllDocuments } from 'yaml';
import type { Language } from '../language.ts';
import { lineAt, type Problem } from './problem.ts';

/** Files that are called JSON and are read by programs that permit comments and trailing commas. */
const LENIENT_JSON =
  /(^|\/)([tj]sconfig[^/]*|\.eslintrc|\.babelrc|devcontainer|\.swcrc|api-extractor|deno|turbo|nx|biome|renovate|angular|language-configuration)\.json$|(^|\/)\.vscode\/|\.(jsonc|json5|code-workspace)$/;
/** Templates become YAML only when they are filled in. */
export const YAML_TEMPLATE = /\{\{|\{%|<%/;

/** Faults of syntax in JSON, YAML and TOML. */
export function dataSyntaxProblems(path: string, text: string, language: Language | undefined): Problem[] {
  switch (language) {
    case 'json':
      return LENIENT_JSON.test(path) || text.trim() === '' ? [] : jsonProblems(text);
    case 'yaml':
      return YAML_TEMPLATE.test(text) ? [] : yamlProblems(text);
    case 'toml':
      return tomlProblems(text);
    default:
      return [];
  }
}

function jsonProblems(text: string): Problem[] {
  const json = text.replace(/^\uFEFF/, '');
  const message = jsonFault(json);
  return message === undefined ? [] : [problem(lineAt(json, jsonFaultOffset(json)), message)];
}

function jsonFault(json: string): string | undefined {
  try {
    JSON.parse(json);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The parser often does not say where; but only with the fault in it a beginning of the text is more than unfinished. */
function jsonFaultOffset(json: string): number {
  let unfinished = 0;
  let faulty = json.length;
  while (faulty - unfinished > 1) {
    const middle = Math.floor((unfinished + faulty) / 2);
    if (isUnfinished(json.slice(0, middle))) unfinished = middle;
    else faulty = middle;
  }
  return unfinished;
}

function isUnfinished(json: string): boolean {
  const message = jsonFault(json) ?? 'end of JSON input';
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? message.includes('end of JSON input') : Number(position) >= json.length;
}

function yamlProblems(text: string): Problem[] {
  const errors = parseAllDocuments(text).flatMap((document) => document.errors);
  return errors
    .slice(0, 1)
    .map((error) => problem(error.linePos?.[0].line ?? 1, error.message.split('\n', 1)[0] ?? ''));
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
