import { posix } from 'node:path';
import { parse } from 'smol-toml';
import type { Project } from '../runner.ts';
import { inverted, reached } from './reached.ts';

type Table = Readonly<Record<string, unknown>>;

interface Crate {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Table;
}

/** The names of the packages that changed files may affect: their own, and those that depend on them by a path. */
export async function cargoPackages(
  project: Project,
  changed: readonly string[],
): Promise<readonly string[] | undefined> {
  const crates = await cratesOf(project);
  const byFolder = new Map(crates.map((crate) => [crate.folder, crate]));
  const root = table((await manifestAt(project, 'Cargo.toml'))['workspace']);
  const uses = crates.flatMap((crate) =>
    pathsOf(crate, table(root['dependencies'])).flatMap((folder) => {
      const used = byFolder.get(folder)?.name;
      return used === undefined ? [] : [[crate.name, used] as const];
    }),
  );
  const own = changed.map((file) => crateAround(file, byFolder)?.name);
  if (own.includes(undefined)) return undefined;
  return [
    ...reached(
      own.filter((name) => name !== undefined),
      inverted(uses),
    ),
  ].sort();
}

async function cratesOf(project: Project): Promise<Crate[]> {
  const files = project.files.filter((file) => posix.basename(file) === 'Cargo.toml');
  const crates = await Promise.all(
    files.map(async (file) => {
      const manifest = await manifestAt(project, file);
      const { name } = table(manifest['package']);
      return typeof name === 'string' ? { name, folder: posix.dirname(file), manifest } : undefined;
    }),
  );
  return crates.filter((crate) => crate !== undefined);
}

async function manifestAt(project: Project, file: string): Promise<Table> {
  try {
    return parse(await project.read(file));
  } catch {
    // Cargo itself says what is wrong with it.
    return {};
  }
}

/** The folders that a crate's dependencies name, also through `workspace = true`. */
function pathsOf({ manifest, folder }: Crate, shared: Table): string[] {
  const kinds = ['dependencies', 'dev-dependencies', 'build-dependencies'];
  const tables = [manifest, ...Object.values(table(manifest['target'])).map(table)];
  const entries = tables.flatMap((one) => kinds.flatMap((kind) => Object.entries(table(one[kind]))));
  return entries.flatMap(([name, given]) => {
    const own = table(given);
    const [path, from] =
      own['workspace'] === true ? [table(shared[name])['path'], '.'] : [own['path'], folder];
    return typeof path === 'string' ? [posix.join(from, path).replace(/\/$/, '')] : [];
  });
}

function crateAround(file: string, crates: ReadonlyMap<string, Crate>): Crate | undefined {
  for (let folder = posix.dirname(file); ; folder = posix.dirname(folder)) {
    const crate = crates.get(folder);
    if (crate !== undefined || folder === '.') return crate;
  }
}

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null ? (value as Table) : {};
}
