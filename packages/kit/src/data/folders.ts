import { homedir, tmpdir } from 'node:os';
import { posix, win32 } from 'node:path';
import { KitError } from '../error.ts';
import { parseAppId } from './app-id.ts';

/** What the folders of an application depend on. Reading it happens when a function is called, never on import. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homedir: string;
  readonly tmpdir: string;
}

export interface FolderOptions extends Partial<Surroundings> {
  /** Other spellings of ids, each with the id whose folder it shares. */
  readonly aliases?: Readonly<Record<string, string>>;
}

type Kind = 'data' | 'config' | 'cache' | 'state' | 'log' | 'temp';

interface Rule {
  /** Below `<APP>_HOME`, and below `%LOCALAPPDATA%\\<app>`. */
  readonly inHome: string;
  /** Linux: a variable, what stands for it below the home directory, and what comes after `<app>`. */
  readonly xdg: readonly [variable: string, otherwise: string, tail: string];
  /** macOS: what stands before and after `<app>` below the home directory. */
  readonly library: readonly [parent: string, tail: string];
}

const SUPPORT = 'Library/Application Support';
const RULES: Readonly<Record<Exclude<Kind, 'temp'>, Rule>> = {
  data: { inHome: '', xdg: ['XDG_DATA_HOME', '.local/share', ''], library: [SUPPORT, ''] },
  config: { inHome: 'config', xdg: ['XDG_CONFIG_HOME', '.config', ''], library: ['Library/Preferences', ''] },
  cache: { inHome: 'cache', xdg: ['XDG_CACHE_HOME', '.cache', ''], library: ['Library/Caches', ''] },
  state: { inHome: 'state', xdg: ['XDG_STATE_HOME', '.local/state', ''], library: [SUPPORT, 'state'] },
  log: { inHome: 'logs', xdg: ['XDG_STATE_HOME', '.local/state', 'logs'], library: ['Library/Logs', ''] },
};

/** Where the data of an application lives. Creates nothing. Throws `invalid_app_id`, `invalid_value`. */
export function dataDir(app: string, options?: FolderOptions): string {
  return folderOf('data', app, options);
}

export function configDir(app: string, options?: FolderOptions): string {
  return folderOf('config', app, options);
}

export function cacheDir(app: string, options?: FolderOptions): string {
  return folderOf('cache', app, options);
}

export function stateDir(app: string, options?: FolderOptions): string {
  return folderOf('state', app, options);
}

export function logDir(app: string, options?: FolderOptions): string {
  return folderOf('log', app, options);
}

export function tempFolder(app: string, options?: FolderOptions): string {
  return folderOf('temp', app, options);
}

/** A file in a folder of the application: a plain name only. Throws `outside_root`. */
export function dataPath(app: string, file: string, options?: FolderOptions): string {
  return pathIn('data', app, file, options);
}

export function configPath(app: string, file = 'config.json', options?: FolderOptions): string {
  return pathIn('config', app, file, options);
}

export function cachePath(app: string, file: string, options?: FolderOptions): string {
  return pathIn('cache', app, file, options);
}

export function statePath(app: string, file: string, options?: FolderOptions): string {
  return pathIn('state', app, file, options);
}

export function logPath(app: string, file: string, options?: FolderOptions): string {
  return pathIn('log', app, file, options);
}

/** `cadre-lab` to `CADRE_LAB`: how the names of an application's variables begin. */
export function variablePrefix(app: string): string {
  return parseAppId(app).toUpperCase().replaceAll('-', '_');
}

function pathIn(kind: Kind, app: string, file: string, options: FolderOptions | undefined): string {
  if (file === '' || file === '.' || file === '..' || /[/\\\0]/.test(file)) {
    throw new KitError('outside_root', `${JSON.stringify(file)} is not a plain file name`, {
      hint: 'give a name without folders',
    });
  }
  return pathsOf(options).join(folderOf(kind, app, options), file);
}

function folderOf(kind: Kind, app: string, options: FolderOptions = {}): string {
  const id = parseAppId(app);
  const folder = parseAppId(options.aliases?.[id] ?? id);
  const around = surroundings(options);
  const path = pathsOf(options);
  const home = absoluteVariable(`${variablePrefix(folder)}_HOME`, around, path);
  if (home !== undefined) return path.join(home, kind === 'temp' ? 'tmp' : RULES[kind].inHome);
  if (kind === 'temp') return path.join(around.tmpdir, folder);
  return PLACES[placeOf(around.platform)](RULES[kind], folder, around);
}

const PLACES = {
  win32(rule: Rule, folder: string, { env, homedir }: Surroundings): string {
    const local = env['LOCALAPPDATA'] || win32.join(homedir, 'AppData', 'Local');
    return win32.join(local, folder, rule.inHome);
  },
  darwin({ library: [parent, tail] }: Rule, folder: string, { homedir }: Surroundings): string {
    return posix.join(homedir, parent, folder, tail);
  },
  linux({ xdg: [variable, otherwise, tail] }: Rule, folder: string, around: Surroundings): string {
    // The XDG specification: a relative path in these variables is invalid and ignored.
    const named = around.env[variable] ?? '';
    const parent = posix.isAbsolute(named) ? named : posix.join(around.homedir, otherwise);
    return posix.join(parent, folder, tail);
  },
} as const;

function placeOf(platform: NodeJS.Platform): keyof typeof PLACES {
  return platform === 'win32' || platform === 'darwin' ? platform : 'linux';
}

function surroundings(options: FolderOptions): Surroundings {
  return {
    env: options.env ?? process.env,
    platform: options.platform ?? process.platform,
    homedir: options.homedir ?? homedir(),
    tmpdir: options.tmpdir ?? tmpdir(),
  };
}

function pathsOf(options: FolderOptions | undefined): typeof posix {
  return (options?.platform ?? process.platform) === 'win32' ? win32 : posix;
}

/** A relative home would be another folder in each directory that the program is started in. */
function absoluteVariable(name: string, { env }: Surroundings, path: typeof posix): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (path.isAbsolute(value)) return path.normalize(value);
  throw new KitError('invalid_value', `the variable ${name} is ${JSON.stringify(value)}`, {
    hint: `set ${name} to an absolute path`,
  });
}
