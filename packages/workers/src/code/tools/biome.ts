import type { Completed } from '@cadre/sdk';
import type { Language } from '../language.ts';
import type { Folder } from '../folder.ts';
import { jsonOf, syntaxFinding, type Tool, type ToolFinding } from './tool.ts';

const LANGUAGES: readonly Language[] = [
  'javascript',
  'typescript',
  'vue',
  'svelte',
  'json',
  'css',
  'html',
  'graphql',
];
/** `none` lifts the limit of 20 findings. */
const REPORT = ['--reporter=json', '--colors=off', '--max-diagnostics=none', '--no-errors-on-unmatched'];
const SEVERITIES = { fatal: 'high', error: 'medium', warning: 'low' } as const;

const chosen = (folder: Folder) =>
  folder.file('biome.json', 'biome.jsonc', '.biome.json', '.biome.jsonc') ??
  folder.hook('biome-check', 'biome-format', 'biome-lint', 'biome-ci');

const same = {
  program: 'biome',
  languages: LANGUAGES,
  chosen,
  needsProject: true,
  input: 'files',
  exits: [0],
  parse: parseBiome,
  version: { arguments: ['--version'] },
  install: { npm: '@biomejs/biome' },
} as const;

export const biome: readonly Tool[] = [
  {
    ...same,
    name: 'biome format',
    stage: 'format',
    layout: true,
    // `check` without its linter is the formatter and the sorting of imports.
    fix: () => ['check', '--write', '--linter-enabled=false', ...REPORT],
    parse: (completed) => parseBiome(completed).filter(({ rule }) => rule === 'syntax'),
  },
  {
    ...same,
    name: 'biome lint',
    stage: 'lint',
    fix: () => ['lint', '--write', ...REPORT],
    inspect: () => ['lint', ...REPORT],
  },
];

interface BiomeDiagnostic {
  readonly severity: string;
  readonly message: string;
  readonly category?: string;
  readonly location?: { readonly path?: string; readonly start?: { readonly line: number; readonly column: number } };
}

function parseBiome({ stdout }: Completed): ToolFinding[] {
  const report = jsonOf(stdout.trim()) as { readonly diagnostics?: readonly BiomeDiagnostic[] } | undefined;
  return (report?.diagnostics ?? []).filter(({ location }) => location?.path !== undefined).flatMap(findingOf);
}

function findingOf({ severity, message, category = 'biome', location }: BiomeDiagnostic): ToolFinding[] {
  const { path, start } = location ?? {};
  // That it does not format what it cannot parse is said a second time, without a place.
  if (path === undefined || category === 'format') return [];
  if (category === 'parse') return [syntaxFinding(path, start?.line, start?.column, message)];
  return [
    {
      file: path,
      rule: category.replace(/^lint\//, ''),
      severity: SEVERITIES[severity as keyof typeof SEVERITIES] ?? 'info',
      message,
      ...(start === undefined || start.line === 0 ? {} : { line: start.line, column: start.column }),
    },
  ];
}
