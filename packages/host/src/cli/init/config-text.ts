import type { JsonValue } from '@cadre/sdk';
import type { Proposal } from './propose.ts';

/** A new settings file with the reason of each key beside it. */
export function configText({ languages, tools, settings }: Proposal): string {
  const found = [...languages, ...tools];
  const keys = settings.map(({ key, value, why }) => `  # ${why}.\n  ${key}:${block(value, '    ')}`);
  return `# Settings of Cadre for this repository. Every key: cadre config list
version: 1

# Found here: ${found.length === 0 ? 'no language, formatter, linter or test runner' : found.join(', ')}
hygiene:
${keys.join('\n')}
`;
}

/** YAML of plain values as people write it: sections in lines of their own, lists and texts as JSON, which YAML reads too. */
function block(value: JsonValue, indent: string): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const lines = Object.entries(value).map(([key, each]) => `${indent}${key}:${block(each, `${indent}  `)}`);
    return `\n${lines.join('\n')}`;
  }
  if (Array.isArray(value)) return ` [${value.map((each) => scalar(each)).join(', ')}]`;
  return ` ${scalar(value)}`;
}

function scalar(value: JsonValue): string {
  return typeof value === 'string' && /^[a-z][a-z-]*$/.test(value) ? value : JSON.stringify(value);
}
