import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '@cadre/kit/files';
import type { ActionContext } from '@cadre/sdk';
import type { ListedEntry } from '../tree/list-files.ts';

export interface SurveyedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly state: 'text' | 'binary' | 'too large' | 'unreadable';
  /** Last parts of what the file imports, for finding the most central files. */
  readonly imports: readonly string[];
}

/** As git decides: a NUL among the first bytes; and nothing that is not UTF-8. */
const SNIFFED_BYTES = 8_000;

/** Where languages name what they use; the first group that matched is the name. */
const IMPORTS: readonly RegExp[] = [
  /\b(?:import|export|from|require|include|mod)\b[^\n'"<]*['"<]([^'"<>\n]+)['">]/g,
  /^\s*(?:from\s+([\w.]+)\s+import|import\s+([\w.]+))/gm,
  /^\s*"([\w./-]+)"$/gm,
  /^\s*(?:pub\s+)?(?:use|mod)\s+([\w:]+)/gm,
];

/** Reads every file once, holding none: 10,000 files must fit into little memory. */
export async function surveyFiles(
  context: ActionContext,
  root: string,
  entries: readonly ListedEntry[],
  maxFileBytes: number,
): Promise<SurveyedFile[]> {
  const files: SurveyedFile[] = [];
  for (const { path, bytes } of entries) {
    context.signal.throwIfAborted();
    const file = join(root, path);
    files.push(await surveyFile(file, path, bytes > maxFileBytes).catch(() => unreadable(path, bytes)));
  }
  return files;
}

async function surveyFile(file: string, path: string, isLarge: boolean): Promise<SurveyedFile> {
  if (isLarge) {
    const sha256 = await hashFile(file);
    return { path, bytes: (await stat(file)).size, sha256, state: 'too large', imports: [] };
  }
  const content = await readFile(file);
  const text = decode(content);
  return {
    path,
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    state: text === undefined ? 'binary' : 'text',
    imports: text === undefined ? [] : importsOf(text),
  };
}

/** Undefined for what is no text. */
export function decode(content: Buffer): string | undefined {
  if (content.subarray(0, SNIFFED_BYTES).includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}

function unreadable(path: string, bytes: number): SurveyedFile {
  return { path, bytes, sha256: '', state: 'unreadable', imports: [] };
}

function importsOf(text: string): string[] {
  const names = IMPORTS.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? ''),
  );
  return [...new Set(names.map(moduleName))];
}

/** `./lib/price.ts`, `shop.lib.price` and `shop::price` all name `price`; an index names its folder. */
export function moduleName(name: string): string {
  const parts = name.replace(/\.(?:[cm]?[jt]sx?|py|rs|go|java|h|hpp|rb|php)$/, '').split(/[/\\.:]+/);
  const last = parts.at(-1) ?? '';
  return /^(?:index|mod|__init__|main)$/.test(last) && parts.length > 1 ? (parts.at(-2) ?? last) : last;
}
