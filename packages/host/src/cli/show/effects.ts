import { plainText } from '@cadre/core/history';
import { bytes } from '@cadre/kit/format';
import type { Effect } from '@cadre/sdk';
import type { Colours, Output } from '../output.ts';

export interface StepEffects {
  readonly step: string;
  readonly effects: readonly Effect[];
}

const MAX_DIFF_LINES = 40;
const SIGN = { created: '+', modified: '~', deleted: '-' } as const;

/** Prints what the steps did, or in a plan would do. Long diffs are cut unless `--verbose`. */
export function printEffects(all: readonly StepEffects[], output: Output): void {
  const { colours } = output;
  const maxLines = output.verbose ? Number.POSITIVE_INFINITY : MAX_DIFF_LINES;
  for (const { step, effects } of all) {
    if (effects.length === 0) continue;
    output.line(`${colours.bold(step)}  ${colours.dim(summarise(effects))}`);
    for (const effect of effects) {
      for (const line of describe(effect, colours, maxLines)) output.line(`  ${line}`);
    }
  }
}

/** `3 files modified, 2 deleted (1.2 MB), 1 commit`. */
export function summarise(effects: readonly Effect[]): string {
  const parts: string[] = [];
  for (const change of ['created', 'modified', 'deleted'] as const) {
    const files = effects.filter((effect) => effect.kind === 'file' && effect.change === change);
    const count = files.reduce((sum, effect) => sum + ((effect.kind === 'file' && effect.files) || 1), 0);
    if (count > 0) parts.push(`${plural(count, 'file')} ${change}`);
  }
  const others = [
    ['command', 'command'],
    ['commit', 'commit'],
    ['network', 'network access', 'network accesses'],
    ['archive', 'archive'],
  ] as const;
  for (const [kind, one, many] of others) {
    const count = effects.filter((effect) => effect.kind === kind).length;
    if (count > 0) parts.push(plural(count, one, many));
  }
  return parts.join(', ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function describe(effect: Effect, colours: Colours, maxLines: number): string[] {
  switch (effect.kind) {
    case 'file':
      return describeFile(effect, colours, maxLines);
    case 'command':
      return [`$ ${plainText(effect.command)}  ${colours.dim(effect.purpose)}`];
    case 'commit':
      return [
        `commit on ${effect.branch}: ${plainText(effect.message)}`,
        ...effect.paths.map((path) => `  ${plainText(path)}`),
      ];
    case 'network':
      return [`network ${plainText(effect.host)}  ${colours.dim(effect.purpose)}`];
    case 'archive':
      return [
        `archive ${plainText(effect.path)}  ${colours.dim(`${effect.files} files, ${bytes(effect.bytes)}`)}`,
      ];
  }
}

function describeFile(
  effect: Extract<Effect, { kind: 'file' }>,
  colours: Colours,
  maxLines: number,
): string[] {
  const size = effect.bytes === undefined ? '' : bytes(effect.bytes);
  const files = effect.files === undefined ? '' : plural(effect.files, 'file');
  const facts = [effect.group ?? '', files, size].filter((fact) => fact !== '').join(', ');
  const head = `${SIGN[effect.change]} ${plainText(effect.path)}${facts === '' ? '' : `  ${colours.dim(facts)}`}`;
  if (effect.diff === undefined) return [head];
  // The two header lines repeat the path.
  const lines = effect.diff.split('\n').filter((line) => !/^(Index: |=====|--- |\+\+\+ )/.test(line));
  while (lines.at(-1) === '') lines.pop();
  const shown = lines
    .slice(0, maxLines)
    .map((line) => `    ${colourDiff(line.split('\t').map(plainText).join('    '), colours)}`);
  const rest = lines.length - shown.length;
  return [
    head,
    ...shown,
    ...(rest > 0 ? [colours.dim(`    … ${rest} more lines (--verbose shows them)`)] : []),
  ];
}

function colourDiff(line: string, colours: Colours): string {
  if (line.startsWith('+')) return colours.green(line);
  if (line.startsWith('-')) return colours.red(line);
  return line.startsWith('@@') ? colours.cyan(line) : line;
}
