import { sha256 } from '@cadre/core';
import type { SystemLayout } from '../system-layout.ts';
import { type Engine, runEngine, said } from './engine.ts';

const BLOCK = 512;

/** Where engines and Cadre mount something; `/tmp` as it is everywhere, since an engine may copy its mode. */
const FOLDERS = [
  ['proc', 0o755],
  ['dev', 0o755],
  ['sys', 0o755],
  ['etc', 0o755],
  ['run', 0o755],
  ['tmp', 0o1777],
] as const;

/**
 * The image of containers that show this machine: folders to mount on and the links of its root, and nothing else. It is made here, of an
 * archive that is made here; the same layout is the same image. Answers its name, or why there is none.
 */
export async function emptyImage(
  engine: Engine,
  { links }: Pick<SystemLayout, 'links'>,
): Promise<{ readonly image: string } | { readonly problem: string }> {
  const archive = archiveOf(links);
  const image = `localhost/cadre-box:${sha256(archive.toString('latin1')).slice(0, 16)}`;
  if ((await runEngine(engine, ['image', 'inspect', image])).code === 0) return { image };
  const made = await runEngine(engine, ['import', '-', image], archive);
  return made.code === 0 ? { image } : { problem: `an empty image cannot be made: ${said(made)}` };
}

/** A tar archive (POSIX.1-1988, ustar). */
function archiveOf(links: SystemLayout['links']): Buffer {
  return Buffer.concat([
    ...FOLDERS.map(([name, mode]) => header(`${name}/`, '5', mode, '')),
    ...links.map(([path, target]) => header(path.slice(1), '2', 0o777, target)),
    Buffer.alloc(2 * BLOCK),
  ]);
}

function header(name: string, type: '2' | '5', mode: number, target: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  block.write(name, 0);
  block.write(octal(mode, 8), 100);
  for (const offset of [108, 116]) block.write(octal(0, 8), offset);
  for (const offset of [124, 136]) block.write(octal(0, 12), offset);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write(target, 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
