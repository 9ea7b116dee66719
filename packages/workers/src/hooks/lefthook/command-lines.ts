import { quoteWord } from '../split-words.ts';
import type { LefthookJob } from './config.ts';

const MAX_LINE_BYTES = 100_000;
const TEMPLATE = /(['"]?)\{(staged_files|push_files|all_files|files)\}\1/g;

type Template = 'staged_files' | 'push_files' | 'all_files' | 'files';

export interface FileLists {
  readonly staged: readonly string[];
  readonly all: readonly string[];
  /** What the command `files` printed. */
  readonly named: readonly string[];
}

const LIST_OF: Readonly<Record<Template, keyof FileLists>> = {
  staged_files: 'staged',
  push_files: 'staged',
  all_files: 'all',
  files: 'named',
};

export function templatesIn(run: string): ReadonlySet<string> {
  return new Set([...run.matchAll(TEMPLATE)].map(([, , name]) => name ?? ''));
}

/** The command with files in place of the templates, split into several when one line cannot hold them all. */
export function commandLines(run: string, job: LefthookJob, lists: FileLists): readonly string[] {
  const named = run.replaceAll('{lefthook_job_name}', job.name);
  const templates = [...templatesIn(run)] as Template[];
  if (templates.length === 0) return [named];
  const longest = templates
    .map((template) => lists[LIST_OF[template]])
    .reduce((a, b) => (b.length > a.length ? b : a));
  const root = job.root === '' ? '' : `${job.root.replace(/^\.\/|\/+$/g, '')}/`;
  const batches = batchesOf(longest, MAX_LINE_BYTES - Buffer.byteLength(run));
  return batches.map((batch) =>
    named.replace(TEMPLATE, (_, quote: string, template: Template) => {
      const paths = lists[LIST_OF[template]];
      const own = paths === longest ? batch : paths;
      return own.map((path) => quoted(path.slice(root.length), quote)).join(' ');
    }),
  );
}

/** Quotes that stand around a template go around each file. */
function quoted(path: string, quote: string): string {
  if (quote === '"') return `"${path.replace(/[\\"$`]/g, '\\$&')}"`;
  return quote === "'" ? `'${path.replaceAll("'", `'\\''`)}'` : quoteWord(path);
}

function batchesOf(paths: readonly string[], bytes: number): readonly (readonly string[])[] {
  const batches: string[][] = [[]];
  let left = bytes;
  for (const path of paths) {
    const length = Buffer.byteLength(path) + 4;
    if (length > left && batches.at(-1)?.length !== 0) {
      batches.push([]);
      left = bytes;
    }
    batches.at(-1)?.push(path);
    left -= length;
  }
  return batches;
}
