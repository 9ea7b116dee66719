import { byCodeUnits } from '../tree/list-files.ts';
import { moduleName, type SurveyedFile } from './survey.ts';

/** What somebody who does not know the repository would open first; the first that fits decides. */
const CLASSES: readonly RegExp[] = [
  /^(?:readme|architecture|agents)(?:\.\w+)?$/i,
  /^(?:package\.json|pyproject\.toml|cargo\.toml|go\.mod|pom\.xml|build\.gradle(?:\.kts)?|gemfile|composer\.json)$/i,
  /^(?:main|index|app|cli|server|__main__|lib|mod)\.\w+$/i,
];
const LATE =
  /(?:^|\/)(?:tests?|__tests__|spec|fixtures|examples?|docs?)\/|[._](?:test|spec)\.\w+$|\.(?:md|rst|txt)$/i;
const LAST =
  /(?:^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|[^/]+\.lock|go\.sum)$|\.(?:svg|csv|min\.\w+|snap)$/i;

/**
 * The most central files first: what explains the repository, where it begins, then what most other files import;
 * tests and documents after the sources, lock files and data at the end. The same files give the same order.
 */
export function rankFiles(files: readonly SurveyedFile[]): SurveyedFile[] {
  const importers = new Map<string, number>();
  for (const name of files.flatMap(({ imports }) => imports))
    importers.set(name, (importers.get(name) ?? 0) + 1);
  const ranked = files.map((file) => ({
    file,
    order: classOf(file.path),
    used: importers.get(moduleName(file.path)) ?? 0,
    depth: file.path.split('/').length,
  }));
  ranked.sort(
    (a, b) =>
      a.order - b.order || b.used - a.used || a.depth - b.depth || byCodeUnits(a.file.path, b.file.path),
  );
  return ranked.map(({ file }) => file);
}

function classOf(path: string): number {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (LAST.test(path)) return CLASSES.length + 2;
  const found = CLASSES.findIndex((pattern) => pattern.test(name));
  if (found !== -1) return found;
  return CLASSES.length + (LATE.test(path) ? 1 : 0);
}
