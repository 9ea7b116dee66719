import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemFault } from './system-fault.ts';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

const alive = new Set<string>();
let watchesExit = false;

/** A new empty folder that is removed by `remove`, by `await using`, or at the latest when the process exits. */
export async function tempDir(prefix: string, options: { readonly parent?: string } = {}): Promise<TempDir> {
  const parent = options.parent ?? tmpdir();
  const path = await mkdtemp(join(parent, `${prefix}-`)).catch((error: unknown) => {
    throw systemFault(error, `cannot make a temporary folder in ${parent}`);
  });
  alive.add(path);
  removeAtExit();
  const remove = async () => {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
    alive.delete(path);
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** One listener for all folders, added with the first. */
function removeAtExit(): void {
  if (watchesExit) return;
  watchesExit = true;
  process.once('exit', () => {
    for (const path of alive) rmSync(path, { recursive: true, force: true });
  });
}
