import { createHash, type Hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * SHA-256, in hex, of all that lies in a folder of sources, what they depend on included: any of it may be code, whatever it is called. The same files give the same on every machine:
 * neither times nor owners count, of modes only whether a file can be run.
 */
export function codeDigest(folder: string): string {
  const hash = createHash('sha256');
  addFolder(hash, folder, '');
  return hash.digest('hex');
}

function addFolder(hash: Hash, folder: string, path: string): void {
  for (const name of readdirSync(join(folder, path)).sort()) {
    const inner = path === '' ? name : `${path}/${name}`;
    const place = join(folder, inner);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (found.isDirectory()) addFolder(hash, folder, inner);
    else if (found.isSymbolicLink()) add(hash, inner, 'link', Buffer.from(readlinkSync(place)));
    else if (found.isFile())
      add(hash, inner, (found.mode & 0o111) === 0 ? 'file' : 'program', readFileSync(place));
  }
}

/** The length stands before the content, so that no file can go on as the next one. */
function add(hash: Hash, path: string, kind: string, content: Buffer): void {
  hash.update(`${path}\0${kind}\0${content.length}\0`).update(content);
}
