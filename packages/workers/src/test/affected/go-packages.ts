import type { Project } from '../runner.ts';
import { inverted, reached } from './reached.ts';

/** No part of any package, whatever lies in it. */
const TEST_DATA = /(^|\/)testdata\//;

/** The folders of the packages that changed files may affect: their own, and those that import them, through others too. */
export async function goPackages(
  project: Project,
  changed: readonly string[],
): Promise<readonly string[] | undefined> {
  const module = /^module\s+(\S+)/m.exec(await project.read('go.mod'))?.[1];
  if (module === undefined) return undefined;
  const files = project.files.filter((file) => file.endsWith('.go') && !TEST_DATA.test(file));
  const texts = await Promise.all(files.map((file) => project.read(file)));
  const uses = files.flatMap((file, index) =>
    importsOf(texts[index] ?? '', module).map((used) => [folderOf(file), used] as const),
  );
  const packages = new Set(files.map(folderOf));
  const own = changed.map((file) => packageAround(file, packages));
  if (own.includes(undefined)) return undefined;
  return [
    ...reached(
      own.filter((one) => one !== undefined),
      inverted(uses),
    ),
  ].sort();
}

/** Test data belongs to the package whose folder it is in. */
function packageAround(file: string, packages: ReadonlySet<string>): string | undefined {
  for (let folder = folderOf(file); ; folder = folderOf(folder)) {
    if (packages.has(folder)) return folder;
    if (folder === '.') return undefined;
  }
}

function folderOf(file: string): string {
  const slash = file.lastIndexOf('/');
  return slash === -1 ? '.' : file.slice(0, slash);
}

/** Packages of this module that a file imports, as folders. */
function importsOf(text: string, module: string): string[] {
  const head = text.split(/^(?:func|type|var|const)\b/m, 1)[0] ?? '';
  return [...head.matchAll(/"([^"\n]+)"/g)].flatMap(([, path = '']) => {
    if (path === module) return ['.'];
    return path.startsWith(`${module}/`) ? [path.slice(module.length + 1)] : [];
  });
}
