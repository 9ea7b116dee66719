import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';

/** What one folder says about the tools that its repository uses. Each answer is words for people, or undefined. */
export interface Folder {
  /** Relative to the workspace; the workspace itself is the empty text. */
  readonly path: string;
  /** A file by one of these globs. */
  file(...globs: string[]): string | undefined;
  /** A key of package.json. */
  packageKey(key: string): string | undefined;
  npmDependency(name: string): string | undefined;
  /** A table of pyproject.toml, such as `tool.black`. */
  pythonTable(path: string): string | undefined;
  pythonDependency(name: string): string | undefined;
  /** A section of setup.cfg or tox.ini. */
  section(...names: string[]): string | undefined;
  /** A hook of .pre-commit-config.yaml. */
  hook(...ids: string[]): string | undefined;
  /** The scripts of package.json by name. */
  readonly scripts: Readonly<Record<string, string>>;
  /** A program that package.json's scripts, a Makefile or a justfile call. */
  command(program: string): string | undefined;
  /** A value of `package`, else of `workspace.package`, in Cargo.toml. */
  cargoValue(key: string): string | undefined;
}

type Table = Readonly<Record<string, unknown>>;

const NPM_DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const RECIPES = ['Makefile', 'makefile', 'justfile', 'Justfile'];

/** Reads what a folder's manifests say. One that cannot be read or parsed says nothing. */
export async function openFolder(workspace: string, path: string): Promise<Folder> {
  const root = join(workspace, path);
  const names: string[] = await readdir(root).catch(() => []);
  const text = async (name: string) =>
    names.includes(name) ? readFile(join(root, name), 'utf8').catch(() => '') : '';
  const texts = async (wanted: readonly string[]) => (await Promise.all(wanted.map(text))).join('\n');

  const packageJson = parsed(await text('package.json'), JSON.parse);
  const pyproject = parsed(await text('pyproject.toml'), parseToml);
  const cargo = parsed(await text('Cargo.toml'), parseToml);
  const hooks = hookIds(parsed(await text('.pre-commit-config.yaml'), parseYaml));
  const sections = await texts(['setup.cfg', 'tox.ini']);
  const recipes = await texts(RECIPES);
  const requirementFiles = names.filter((name) => /^(.*requirements.*\.(txt|in)|Pipfile)$/.test(name));
  const pythonNames = requirementNames(pyproject, await texts(requirementFiles));
  const scripts = texted(table(packageJson['scripts']));

  return {
    path,
    scripts,
    file: (...globs) => {
      const matches = picomatch(globs, { dot: true });
      return names.find((name) => matches(name));
    },
    packageKey: (key) => said(key in packageJson, `"${key}" in package.json`),
    npmDependency: (name) =>
      said(
        NPM_DEPENDENCIES.some((key) => name in table(packageJson[key])),
        `dependency ${name} in package.json`,
      ),
    pythonTable: (key) => said(at(pyproject, key.split('.')) !== undefined, `[${key}] in pyproject.toml`),
    pythonDependency: (name) => said(pythonNames.has(name), `dependency ${name}`),
    section: (...wanted) => {
      const found = wanted.find((name) => sections.split(/\r?\n/).includes(`[${name}]`));
      return found && `[${found}] in setup.cfg or tox.ini`;
    },
    hook: (...ids) => {
      const found = ids.find((id) => hooks.has(id));
      return found && `hook ${found} in .pre-commit-config.yaml`;
    },
    command: (program) =>
      said(
        [...Object.values(scripts), recipes].some((recipe) =>
          new RegExp(`(^|[\\s/;&|])${program}(\\s|$)`, 'm').test(recipe),
        ),
        `${program} in the scripts`,
      ),
    cargoValue: (key) => {
      const value = at(cargo, ['package', key]) ?? at(cargo, ['workspace', 'package', key]);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

function said(holds: boolean, words: string): string | undefined {
  return holds ? words : undefined;
}

function parsed(text: string, parse: (text: string) => unknown): Table {
  try {
    return table(parse(text));
  } catch {
    return {};
  }
}

function table(value: unknown): Table {
  return typeof value === 'object' && value !== null ? (value as Table) : {};
}

function texted(values: Table): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, key) => table(inner)[key], value);
}

function hookIds(config: Table): ReadonlySet<string> {
  const repositories = Object.values(table(config['repos']));
  const hooks = repositories.flatMap((repository) => Object.values(table(table(repository)['hooks'])));
  return new Set(hooks.map((hook) => String(table(hook)['id'])));
}

/** Names by PEP 503, from all places where Python projects list what they need for development. */
function requirementNames(pyproject: Table, requirements: string): ReadonlySet<string> {
  const lists = [
    at(pyproject, ['project', 'dependencies']),
    ...Object.values(table(at(pyproject, ['project', 'optional-dependencies']))),
    ...Object.values(table(pyproject['dependency-groups'])),
    at(pyproject, ['tool', 'uv', 'dev-dependencies']),
  ];
  const poetry = table(at(pyproject, ['tool', 'poetry']));
  const poetryTables = [poetry['dependencies'], poetry['dev-dependencies'], ...poetryGroups(poetry)];
  const lines = [
    ...lists.flatMap((list) => Object.values(table(list))).filter((one) => typeof one === 'string'),
    ...poetryTables.flatMap((one) => Object.keys(table(one))),
    ...requirements.split('\n'),
  ];
  return new Set(lines.map((line) => (/^[\w.-]+/.exec(line)?.[0] ?? '').toLowerCase().replace(/[._]/g, '-')));
}

function poetryGroups(poetry: Table): unknown[] {
  return Object.values(table(poetry['group'])).map((group) => table(group)['dependencies']);
}
