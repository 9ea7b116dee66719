import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeAtomic } from '@cadre/kit/files';
import { measureStore, type StoreFigures } from '../../bench/measure-store.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { printTable } from '../show/table.ts';

const DEFAULT_RUNS = '10000';

/** On a store of its own in a temporary folder: nothing of any workspace is touched. */
export const benchStore: CommandHandler = async ({ io, output, options }) => {
  const sizes = sizesOf(typeof options['runs'] === 'string' ? options['runs'] : DEFAULT_RUNS);
  const file = typeof options['write'] === 'string' ? resolve(io.cwd, options['write']) : undefined;
  const measured: Record<string, StoreFigures> = file === undefined ? {} : await readFigures(file);
  for (const runs of sizes) {
    output.note(`filling a store with ${runs} runs`);
    measured[runs] = await measureStore(runs, Date.now());
  }
  if (file !== undefined) await writeAtomic(file, `${JSON.stringify(measured, undefined, 2)}\n`);
  output.document(measured);
  const names = Object.keys(measured[sizes[0] ?? 0] ?? {});
  printTable(
    ['question', ...sizes.map((runs) => `${runs} runs, ms`)],
    names.map((name) => [name, ...sizes.map((runs) => String(measured[runs]?.[name] ?? ''))]),
    output,
  );
  return EXIT.ok;
};

async function readFigures(file: string): Promise<Record<string, StoreFigures>> {
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : {};
}

function sizesOf(given: string): readonly number[] {
  const sizes = given.split(',').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size >= 100)) return sizes;
  throw usageError(`--runs takes numbers from 100, separated by commas, not "${given}"`);
}
