import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import picomatch from 'picomatch';
import { foldersAbove } from '../scratch.ts';

/** What `.editorconfig` files say about one file; absent keys say nothing. */
export interface EditorSettings {
  readonly endOfLine?: 'lf' | 'crlf';
  readonly finalNewline?: boolean;
  readonly trimTrailing?: boolean;
  readonly byteOrderMark?: boolean;
  readonly indentStyle?: 'tab' | 'space';
  /** Columns of one level. */
  readonly indentSize?: number;
}

interface ConfigFile {
  readonly folder: string;
  readonly isRoot: boolean;
  readonly sections: readonly Section[];
}

interface Section {
  readonly matches: (path: string) => boolean;
  readonly values: ReadonlyMap<string, string>;
}

/** Reads the `.editorconfig` files for the given paths. Rules: https://spec.editorconfig.org */
export async function openEditorConfig(
  workspace: string,
  paths: readonly string[],
): Promise<(path: string) => EditorSettings> {
  const folders = [...new Set(paths.flatMap(foldersAbove))];
  const files = await Promise.all(folders.map((folder) => readConfig(workspace, folder)));
  const byFolder = new Map(files.filter((file) => file !== undefined).map((file) => [file.folder, file]));
  return (path) => settingsOf(nearestFirst(byFolder, path), path);
}

async function readConfig(workspace: string, folder: string): Promise<ConfigFile | undefined> {
  const text = await readFile(join(workspace, folder, '.editorconfig'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseConfig(folder, text);
}

function parseConfig(folder: string, text: string): ConfigFile {
  const sections: { matches: Section['matches']; values: Map<string, string> }[] = [];
  let isRoot = false;
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    const header = /^\[(.+)\]/.exec(line)?.[1];
    const [, key = '', value = ''] = /^([\w-]+)\s*[=:]\s*(.*?)(?:\s+[#;].*)?$/.exec(line) ?? [];
    if (header !== undefined) sections.push({ matches: matcher(header), values: new Map() });
    else if (sections.length === 0) isRoot ||= key.toLowerCase() === 'root' && value.toLowerCase() === 'true';
    else sections.at(-1)?.values.set(key.toLowerCase(), value.toLowerCase());
  }
  return { folder, isRoot, sections };
}

function matcher(glob: string): (path: string) => boolean {
  const anywhere = glob.includes('/') ? glob.replace(/^\//, '') : `**/${glob}`;
  return picomatch(anywhere, { dot: true });
}

/** Up to the first that calls itself the root. */
function nearestFirst(files: ReadonlyMap<string, ConfigFile>, path: string): ConfigFile[] {
  const above = foldersAbove(path)
    .map((folder) => files.get(folder))
    .filter((file) => file !== undefined);
  const root = above.findIndex(({ isRoot }) => isRoot);
  return root === -1 ? above : above.slice(0, root + 1);
}

function settingsOf(files: readonly ConfigFile[], path: string): EditorSettings {
  const values = new Map<string, string>();
  for (const { folder, sections } of files.toReversed()) {
    const inside = folder === '' ? path : path.slice(folder.length + 1);
    for (const section of sections.filter(({ matches }) => matches(inside))) {
      for (const [key, value] of section.values) values.set(key, value);
    }
  }
  const flag = (key: string) => ({ true: true, false: false })[values.get(key) ?? ''];
  const oneOf = <Value extends string>(key: string, allowed: readonly Value[]) =>
    allowed.find((value) => value === values.get(key));
  const size = Number(values.get('indent_size') === 'tab' ? Number.NaN : values.get('indent_size'));
  const columns = size || Number(values.get('tab_width'));
  const charset = values.get('charset');
  return defined({
    endOfLine: oneOf('end_of_line', ['lf', 'crlf']),
    finalNewline: flag('insert_final_newline'),
    trimTrailing: flag('trim_trailing_whitespace'),
    byteOrderMark: charset === undefined ? undefined : charset === 'utf-8-bom',
    indentStyle: oneOf('indent_style', ['tab', 'space']),
    indentSize: columns > 0 ? columns : undefined,
  });
}

function defined(
  settings: { readonly [Key in keyof EditorSettings]: EditorSettings[Key] | undefined },
): EditorSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
