import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * The folder with what was built: workers, workflows, scripts. Bundled code stands in it, in its `parts` or in its `chunks`; code that
 * runs from the sources finds it beside them.
 */
export const DIST = here.endsWith('src') ? join(here, '../dist') : here.replace(/[/\\](chunks|parts)$/, '');

/** The package `cadre`, and with it the folder in which its libraries are found. */
export const PACKAGE = join(DIST, '..');

/** Where a program finds Node and Cadre on this machine. */
export function installationHere() {
  return { node: process.execPath, dist: DIST, libraries: libraryFolders(), temporary: tmpdir() };
}

/** The libraries of Cadre that are not bundled (native ones) are found by Node in the folders above. */
function libraryFolders(): readonly string[] {
  const folders: string[] = [];
  for (let folder = PACKAGE; folder !== parse(folder).root; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules'));
  }
  return folders;
}
