import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';

/** The name by which a project is published. Not that of its folder, which is another one in every checkout. */
export async function projectName(root: string): Promise<string | undefined> {
  const text = (name: string) => readFile(join(root, name), 'utf8').catch(() => '');
  const inPackage = valueAt(parsed(await text('package.json'), JSON.parse), ['name']);
  if (inPackage !== undefined) return inPackage;
  const project = parsed(await text('pyproject.toml'), parseToml);
  const inProject = valueAt(project, ['project', 'name']) ?? valueAt(project, ['tool', 'poetry', 'name']);
  return inProject ?? /^module\s+(\S+)/m.exec(await text('go.mod'))?.[1];
}

function parsed(text: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function valueAt(value: unknown, path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined,
    value,
  );
  return typeof found === 'string' && found !== '' ? found : undefined;
}
