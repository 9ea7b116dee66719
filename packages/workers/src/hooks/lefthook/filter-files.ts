import type { Snapshot } from '../snapshot/snapshot.ts';
import type { LefthookJob } from './config.ts';
import { lefthookGlob } from './glob.ts';

/** The files of a list that a job is for, from the root of the repository. */
export function filterFiles(
  paths: readonly string[],
  job: LefthookJob,
  excludedByHook: readonly string[],
  matcher: string,
  snapshot: Snapshot,
): readonly string[] {
  const wanted = job.glob.map((glob) => lefthookGlob(glob, matcher));
  const root = job.root === '' ? '' : `${job.root.replace(/^\.\/|\/+$/g, '')}/`;
  const excluded = [
    ...excludedByHook.map((glob) => lefthookGlob(glob, matcher)),
    ...excludedByJob(job, matcher),
  ];
  return paths.filter(
    (path) =>
      (wanted.length === 0 || wanted.some((fits) => fits(path))) &&
      !excluded.some((fits) => fits(path)) &&
      path.startsWith(root) &&
      isOfType(path, job.fileTypes, snapshot),
  );
}

function excludedByJob({ exclude }: LefthookJob, matcher: string): readonly ((path: string) => boolean)[] {
  if (typeof exclude !== 'string') return exclude.map((glob) => lefthookGlob(glob, matcher));
  const pattern = new RegExp(exclude);
  return [(path) => pattern.test(path)];
}

const TYPES: Readonly<Record<string, (tags: ReadonlySet<string>) => boolean>> = {
  text: (tags) => tags.has('text'),
  binary: (tags) => tags.has('binary'),
  executable: (tags) => tags.has('executable'),
  'not executable': (tags) => !tags.has('executable'),
  symlink: (tags) => tags.has('symlink'),
  'not symlink': (tags) => !tags.has('symlink'),
};

/** Several types may each forbid a file. */
function isOfType(path: string, types: readonly string[], snapshot: Snapshot): boolean {
  if (types.length === 0) return true;
  const tags = snapshot.tags(path);
  return types.every((type) => TYPES[type]?.(tags) ?? tags.has(type));
}
