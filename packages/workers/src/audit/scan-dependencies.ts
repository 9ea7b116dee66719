import { type ActionContext, type Skipped, skip } from '@cadre/sdk';
import { listEntries } from '../tree/list-files.ts';
import { resolveInside } from '../tree/safe-path.ts';
import type { Covers } from './baseline/apply-baseline.ts';
import { builtInDatabase, builtInNames } from './dependencies/advisories/built-in-database.ts';
import { collectOsv } from './dependencies/advisories/collect-osv.ts';
import { type AdvisoryDatabase, databaseOf } from './dependencies/advisories/database.ts';
import { openImported } from './dependencies/advisories/imported-database.ts';
import { type Lock, type ReadLocks, readLocks } from './dependencies/locks/read-locks.ts';
import { askOnline } from './dependencies/online/ask-online.ts';
import { findingsOf, findVulnerabilities, withoutDoubles } from './dependencies/vulnerability.ts';
import { folderTest } from './in-folder.ts';
import { count } from './report/audit-report.ts';
import { type AuditFinding, fingerprints } from './scan/audit-finding.ts';
import { BUILT_IN } from './scan/scan-source.ts';

export interface DependencyInput {
  /** Folder in which lock files are looked for, relative to the workspace. Default all of it. */
  readonly path?: string;
  readonly exclude?: readonly string[];
  /** False: npm audit, pip-audit and cargo audit are asked as well. Default true. */
  readonly offline?: boolean;
  /** Folder of the workspace with OSV records to look in besides. */
  readonly advisories?: string;
}

export interface DependencyScan {
  readonly findings: readonly AuditFinding[];
  readonly skipped: readonly Skipped[];
  readonly covers: Covers;
  readonly metrics: Readonly<Record<string, number>>;
  /** What was compared with what. */
  readonly subject: string;
}

/** Older data misses what was published since. */
const STALE_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Looks up every locked dependency. Throws `step_skipped` when there is no lock file. */
export async function scanDependencies(
  context: ActionContext,
  input: DependencyInput,
): Promise<DependencyScan> {
  const read = await readLocks(context.workspace, await listEntries(context, input));
  const { locks, broken } = read;
  if (locks.length === 0 && broken.length === 0) {
    throw skip(
      'not_applicable',
      `there is no lock file in ${input.path ?? 'the workspace'}`,
      'commit the lock files of the package managers',
    );
  }
  const databases = await openDatabases(context, input);
  const offline = await Promise.all(locks.map((lock) => findVulnerabilities(lock, databases)));
  const online = input.offline === false ? await askOnline(context, locks) : { found: [], skipped: [] };
  const found = withoutDoubles([...offline.flat(), ...online.found]);
  const packages = locks.reduce((sum, lock) => sum + lock.packages.length, 0);
  const advisories = databases.reduce((sum, { size }) => sum + size, 0);
  const until =
    databases
      .map((database) => database.until)
      .toSorted()
      .at(-1) ?? '';
  const ageDays = Math.floor((Date.now() - Date.parse(until)) / DAY_MS);
  return {
    findings: [...findingsOf(found, locks), ...brokenFindings(read), ...ageFindings(ageDays, until)],
    skipped: [...unpinnedSkips(locks), ...online.skipped],
    covers: coverage(read, databases, await folderTest(context, input.path)),
    metrics: {
      lockFiles: locks.length,
      packages,
      advisories,
      databaseAgeDays: ageDays,
      unpinned: locks.reduce((sum, { unpinned }) => sum + unpinned, 0),
    },
    subject:
      `${count(packages, 'package')} of ${count(locks.length, 'lock file')} against ${count(advisories, 'advisory', 'advisories')} ` +
      `of the ${databases.map(({ name }) => name).join(', ')} (until ${until})`,
  };
}

/** The most specific first: what a workspace brings, what was imported, what is built in. */
async function openDatabases(
  context: ActionContext,
  input: DependencyInput,
): Promise<readonly AdvisoryDatabase[]> {
  const imported = await openImported(context.dataDir);
  const given = input.advisories === undefined ? [] : [await openFolder(context, input.advisories)];
  return [...given, ...(imported === undefined ? [] : [imported]), builtInDatabase()];
}

async function openFolder(context: ActionContext, path: string): Promise<AdvisoryDatabase> {
  const folder = await resolveInside(context.workspace, path);
  const { advisories, until } = await collectOsv(folder, path, context.signal);
  return databaseOf(`folder ${path}`, until, advisories);
}

/** Only who knows an advisory can say that nothing is affected by it any more. */
function coverage(
  { broken }: ReadLocks,
  databases: readonly AdvisoryDatabase[],
  inFolder: (path: string) => boolean,
): Covers {
  const unread = new Set(broken.map(({ path }) => path));
  const known = builtInNames();
  const hasMore = databases.length > 1;
  return ({ kind, tool, file, rule }) =>
    kind === 'dependencies' &&
    tool === BUILT_IN &&
    (hasMore || known.has(rule)) &&
    inFolder(file) &&
    !unread.has(file);
}

function brokenFindings({ broken }: ReadLocks): AuditFinding[] {
  const fingerprint = fingerprints();
  return broken.map(({ path, problem }) => ({
    tool: BUILT_IN,
    kind: 'dependencies',
    rule: 'lock-unreadable',
    title: 'Lock file that cannot be read',
    severity: 'medium',
    confidence: 'high',
    file: path,
    message: `${path} cannot be read, so its packages were not looked up: ${problem}`,
    fix: 'write it anew with its package manager',
    fingerprint: fingerprint({ rule: 'lock-unreadable', file: path, text: '' }),
  }));
}

function ageFindings(ageDays: number, until: string): AuditFinding[] {
  if (ageDays <= STALE_DAYS) return [];
  return [
    {
      tool: BUILT_IN,
      kind: 'dependencies',
      rule: 'advisories-old',
      title: 'Old advisories',
      severity: 'info',
      confidence: 'high',
      file: '.',
      message: `the newest advisory at hand is of ${until}, ${ageDays} days ago; later ones are not known here`,
      fix: 'import the database of osv.dev with audit/advisories-import, or run with `offline: false`',
      fingerprint: fingerprints()({ rule: 'advisories-old', file: '.', text: '' }),
    },
  ];
}

function unpinnedSkips(locks: readonly Lock[]): Skipped[] {
  return locks
    .filter(({ unpinned }) => unpinned > 0)
    .map(({ path, unpinned }) => ({
      tool: BUILT_IN,
      reason: 'unpinned',
      message: `${count(unpinned, 'requirement')} of ${path} without an exact version could not be looked up`,
      hint: 'pin them with ==, for example with pip-compile or uv lock',
    }));
}
