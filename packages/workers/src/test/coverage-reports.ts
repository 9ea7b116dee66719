import { readFile } from 'node:fs/promises';
import type { Coverage } from './runner.ts';

/** The total of Istanbul's `json-summary`, which vitest and jest write. Undefined when there is none. */
export async function readCoverageSummary(path: string): Promise<Coverage | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { total } = JSON.parse(text) as { total: { lines: Coverage } };
  return { covered: total.lines.covered, total: total.lines.total };
}

/** The sum of an LCOV file: `LF` lines found, `LH` lines hit. */
export async function readLcov(path: string): Promise<Coverage | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const sum = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}:(\\d+)$`, 'gm'))].reduce(
      (total, match) => total + Number(match[1]),
      0,
    );
  return { covered: sum('LH'), total: sum('LF') };
}

/** The first element of coverage.py's XML report has the totals; its JSON report is newer than many installations. */
export async function readPythonCoverage(path: string): Promise<Coverage | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  const count = (name: string) =>
    Number(new RegExp(`<coverage [^>]*\\b${name}="(\\d+)"`).exec(text ?? '')?.[1]);
  const [covered, total] = [count('lines-covered'), count('lines-valid')];
  return Number.isNaN(covered + total) ? undefined : { covered, total };
}

/** Go's profile counts statements: `file:from,to STATEMENTS COUNT`, a block once for each package that ran it. */
export async function readGoCoverage(path: string): Promise<Coverage | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const blocks = new Map<string, { statements: number; isCovered: boolean }>();
  for (const [, block = '', statements, count] of text.matchAll(/^(.+:\S+) (\d+) (\d+)$/gm)) {
    const isCovered = Number(count) > 0 || blocks.get(block)?.isCovered === true;
    blocks.set(block, { statements: Number(statements), isCovered });
  }
  const all = [...blocks.values()];
  const sum = (some: typeof all) => some.reduce((total, { statements }) => total + statements, 0);
  return { covered: sum(all.filter(({ isCovered }) => isCovered)), total: sum(all) };
}
