import { decodeText, isKitError } from '@cadre/kit/files';
import type { Skipped } from '@cadre/sdk';
import type { Stopwatch } from '../../tree/stopwatch.ts';
import type { Scratch } from '../scratch.ts';
import type { Source } from '../sources.ts';
import { BUILT_IN } from '../tools/tools.ts';
import { isDelicate } from '../untouched.ts';
import { openEditorConfig } from './editor-config.ts';
import { guardFor } from './guard.ts';
import { loadJavaScriptParser } from './javascript-tree.ts';
import { tidy } from './tidy.ts';

/** The class of files in no language that we know. */
export const OTHER_FILES = 'other';

export interface TextPass {
  readonly workspace: string;
  readonly scratch: Scratch;
  readonly stopwatch: Stopwatch;
}

/** Lays out the files that no formatter took care of. */
export async function textPass(
  { workspace, scratch, stopwatch }: TextPass,
  sources: readonly Source[],
): Promise<Skipped[]> {
  const own = sources.filter(({ path }) => !isDelicate(path));
  const settingsOf = await openEditorConfig(
    workspace,
    own.map(({ path }) => path),
  );
  const parser = await loadJavaScriptParser();
  const skipped: Skipped[] = [];
  const layOut = async ({ path, language, attributes }: Source) => {
    const text = await readText(scratch, path);
    if (text === undefined) {
      skipped.push({ tool: BUILT_IN, reason: 'not_utf8', message: `${path} is not UTF-8; it is left alone` });
      return;
    }
    const guard = guardFor(path, language, parser);
    const after = tidy(text, { language, attributes, guard, editor: settingsOf(path) });
    if (after !== text) await scratch.write(path, Buffer.from(after));
  };
  for (const source of own) {
    const what = { tool: BUILT_IN, files: source.language ?? OTHER_FILES, count: 1 };
    await stopwatch.time(what, () => layOut(source));
  }
  return skipped;
}

/** Undefined when the file is in another encoding. */
export async function readText(scratch: Scratch, path: string): Promise<string | undefined> {
  try {
    return decodeText(await scratch.read(path), path);
  } catch (error) {
    if (isKitError(error) && error.code === 'invalid_text') return undefined;
    throw error;
  }
}
