import type { Completed } from '@cadre/sdk';
import type { Folder } from '../folder.ts';
import type { Language } from '../language.ts';
import { jsonOf, SYNTAX_RULE, syntaxFinding, type Tool, type ToolFinding } from './tool.ts';

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
  minimum: '1.8.0',
  install: { npm: '@biomejs/biome' },
} as const;

export const biome: readonly Tool[] = [
  // Both at once, as `check` does it, lays out files with faults of syntax, too.
  {
    ...same,
    name: 'biome imports',
    stage: 'format',
    fix: () => ['check', '--write', '--linter-enabled=false', '--formatter-enabled=false', ...REPORT],
    parse: faultsOnly,
  },
  {
    ...same,
    name: 'biome format',
    stage: 'format',
    layout: true,
    fix: () => ['format', '--write', ...REPORT],
    parse: faultsOnly,
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
  readonly location?: {
    readonly path?: string;
    readonly start?: { readonly line: number; readonly column: number };
  };
}

function parseBiome({ stdout }: Completed): ToolFinding[] {
  const report = jsonOf(stdout.trim()) as { readonly diagnostics?: readonly BiomeDiagnostic[] } | undefined;
  return (report?.diagnostics ?? [])
    .filter(({ location }) => location?.path !== undefined)
    .flatMap(findingOf);
}

/** What `check` says about imports that it sorts itself is no finding. */
function faultsOnly(completed: Completed): ToolFinding[] {
  return parseBiome(completed).filter(({ rule }) => rule === SYNTAX_RULE);
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
