import type { ActionContext } from '@cadre/sdk';
import { readGit } from '../tree/read-git.ts';

/** What `.gitattributes` says about one file. */
export interface Attributes {
  /** The line end that the file must have in the work tree. */
  readonly eol?: 'lf' | 'crlf';
  /** Declared not to be text, or made by a program or by somebody else. */
  readonly foreign?: boolean;
}

const NAMES = ['eol', 'text', 'linguist-generated', 'linguist-vendored'];

/** Empty when there is no repository or nothing declared. */
export async function readAttributes(
  context: ActionContext,
  workspace: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Attributes>> {
  const attributes = new Map<string, Attributes>();
  const declared = paths.some((path) => path === '.gitattributes' || path.endsWith('/.gitattributes'));
  if (!declared || (await context.find('git')) === undefined) return attributes;
  const { code, stdout } = await readGit(context, workspace, ['check-attr', '-z', '--stdin', ...NAMES], {
    stdin: paths.map((path) => `${path}\0`).join(''),
  });
  if (code !== 0) return attributes;
  const parts = stdout.split('\0');
  for (let index = 0; index + 2 < parts.length; index += 3) {
    const [path = '', name = '', value = ''] = parts.slice(index, index + 3);
    attributes.set(path, { ...attributes.get(path), ...meaningOf(name, value) });
  }
  return attributes;
}

function meaningOf(name: string, value: string): Attributes {
  if (name === 'eol') return value === 'lf' || value === 'crlf' ? { eol: value } : {};
  const foreign = name === 'text' ? value === 'unset' : value === 'set' || value === 'true';
  return foreign ? { foreign } : {};
}
