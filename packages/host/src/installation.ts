import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * The folder with what was built: workers, workflows, scripts. Bundled code stands in it, in its `parts` or in its `chunks`; code that
 * runs from the sources finds it beside them.
 */
export const DIST = here.endsWith('src') ? join(here, '../dist') : here.replace(/[/\\](chunks|parts)$/, '');

/** The package `cadre`, and with it the folder in which its libraries are found. */
export const PACKAGE = join(DIST, '..');
