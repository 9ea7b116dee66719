import { isAbsolute, join } from 'node:path';

/**
 * Language tools that live in the home folder. The home folder itself is not to be seen inside, so each is named: what
 * of it is shown (never the files in which it keeps credentials), and the variable by which it finds itself although
 * HOME is another folder.
 */
interface Toolchain {
  readonly variable?: string;
  /** Relative to the home folder. */
  readonly home: string;
  /** Relative to that folder; absent: all of it. */
  readonly parts?: readonly string[];
}

const TOOLCHAINS: readonly Toolchain[] = [
  { variable: 'CARGO_HOME', home: '.cargo', parts: ['bin', 'registry', 'git', 'env'] },
  { variable: 'RUSTUP_HOME', home: '.rustup' },
  { variable: 'PYENV_ROOT', home: '.pyenv' },
  { variable: 'NVM_DIR', home: '.nvm' },
  { variable: 'FNM_DIR', home: '.local/share/fnm' },
  { variable: 'VOLTA_HOME', home: '.volta' },
  { variable: 'ASDF_DATA_DIR', home: '.asdf' },
  { variable: 'MISE_DATA_DIR', home: '.local/share/mise' },
  { variable: 'DENO_INSTALL', home: '.deno', parts: ['bin'] },
  { variable: 'BUN_INSTALL', home: '.bun', parts: ['bin', 'install'] },
  { variable: 'GOPATH', home: 'go', parts: ['bin', 'pkg'] },
  { variable: 'SDKMAN_DIR', home: '.sdkman', parts: ['candidates'] },
  { variable: 'RBENV_ROOT', home: '.rbenv' },
  { variable: 'COREPACK_HOME', home: '.cache/node/corepack' },
  { variable: 'PNPM_HOME', home: '.local/share/pnpm' },
  { variable: 'UV_PYTHON_INSTALL_DIR', home: '.local/share/uv/python' },
  { home: '.local/share/uv' },
  { home: '.local/share/pipx' },
  { home: '.local/pipx' },
  { home: '.local/lib' },
  { home: '.local/bin' },
  { home: '.nix-profile' },
];

/** Where tools look that were installed elsewhere; the folders lie in the system's own or are not to be had inside. */
const LOCATION_VARIABLES = [
  'JAVA_HOME',
  'GOROOT',
  'GOFLAGS',
  'GOTOOLCHAIN',
  'DOTNET_ROOT',
  'RUSTUP_TOOLCHAIN',
];

export interface Toolchains {
  /** Absolute; some may not exist. */
  readonly folders: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What to show of the language tools of a person, and the variables that go with it. */
export function toolchainsOf(
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean,
): Toolchains {
  const present = TOOLCHAINS.flatMap(({ variable, home: folder, parts }) => {
    const moved = variable === undefined ? undefined : environment[variable];
    const root = moved !== undefined && isAbsolute(moved) ? moved : join(home, folder);
    return exists(root) ? [{ variable, root, shown: parts?.map((part) => join(root, part)) ?? [root] }] : [];
  });
  const located = LOCATION_VARIABLES.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const own = present.flatMap(({ variable, root }) =>
    variable === undefined ? [] : [[variable, root] as const],
  );
  return {
    folders: present.flatMap(({ shown }) => shown),
    env: Object.fromEntries([...located, ...own]),
  };
}
