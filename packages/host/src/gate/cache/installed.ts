import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { look, stampBehind } from './stamp.ts';

/**
 * Places that change when something is installed, removed or switched to another version, so that nobody has to read what
 * is installed. `*` stands for any name. A change inside an installed package by hand is not seen by any of them.
 */
const SYSTEM = [
  '/var/lib/dpkg/status',
  '/var/lib/rpm/rpmdb.sqlite',
  '/lib/apk/db/installed',
  '/opt/homebrew/Cellar/*',
  '/usr/local/lib/python*/site-packages',
  '/usr/local/lib/python*/dist-packages',
  '/usr/local/lib/node_modules',
];

const HOME = [
  '.local/lib/python*/site-packages',
  '.pyenv/version',
  '.pyenv/versions/*/lib/python*/site-packages',
  '.tool-versions',
  '.asdf/installs/*/*',
  '.config/mise/config.toml',
  '.local/share/mise/installs/*/*',
  '.rustup/settings.toml',
  '.rustup/toolchains/*',
  '.volta/tools/user/platform.json',
  '.cargo/bin',
  'go/bin',
];

/** The records of npm, pnpm and Yarn. */
const NODE_RECORDS = ['.package-lock.json', '.modules.yaml', '.yarn-state.yml', '.yarn-integrity'];

const PYTHON = ['pyvenv.cfg', 'lib/python*/site-packages'].flatMap((place) => [
  `.venv/${place}`,
  `venv/${place}`,
]);

/** Files of a project that say that packages may be installed beside them. */
const PROJECT = /(^|\/)(package\.json|pyproject\.toml|setup\.py|requirements[^/]*\.txt|composer\.json)$/;

/** Whether a file's folder is one in which packages may be installed. */
export function isProjectFile(path: string): boolean {
  return PROJECT.test(path);
}

/** Each place that there is, with what changes when it does. */
export function installedState(
  workspace: string,
  home: string,
  projectFiles: readonly string[],
): Readonly<Record<string, string>> {
  const projects = [...new Set(['.', ...projectFiles.map((path) => dirname(path))])];
  const places = [
    ...SYSTEM,
    ...HOME.map((place) => join(home, place)),
    ...['attributes', 'exclude'].map((name) => join(workspace, '.git/info', name)),
    join(workspace, '.git/config'),
    ...projects.flatMap((folder) => [
      ...nodeRecords(join(workspace, folder, 'node_modules')),
      ...PYTHON.map((place) => join(workspace, folder, place)),
    ]),
  ].flatMap(expand);
  return Object.fromEntries(
    places.flatMap((place) => {
      const stamp = stampBehind(place);
      return stamp === undefined ? [] : [[place, stamp]];
    }),
  );
}

/** A folder that no package manager has a record of counts by its own time of change. */
function nodeRecords(folder: string): readonly string[] {
  const records = NODE_RECORDS.map((name) => join(folder, name)).filter(
    (place) => stampBehind(place) !== undefined,
  );
  return records.length > 0 ? records : [folder];
}

function expand(pattern: string): readonly string[] {
  const [, before, part = '', after = ''] = /^(.*?)\/([^/]*\*[^/]*)(\/.*)?$/.exec(pattern) ?? [];
  if (before === undefined) return [pattern];
  const [start = '', end = ''] = part.split('*');
  const names = look(() => readdirSync(before)) ?? [];
  return names
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .flatMap((name) => expand(`${before}/${name}${after}`));
}
