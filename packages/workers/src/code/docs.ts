import {
  type ActionContext,
  ActionError,
  defineAction,
  type Finding,
  type JsonObject,
  skip,
} from '@cadre/sdk';
import type { DocsInput, DocsReport } from './docs/docs-input.ts';
import { countedIn, isDocumented, measureCoverage } from './docs/measure-coverage.ts';
import { type PreparedDocs, prepareDocs } from './docs/prepare-docs.ts';
import { type PublicationStep, preparePublication, publish } from './docs/publish-pages.ts';

const MOST_UNDOCUMENTED = 50;

/**
 * Builds the documentation of what a repository shows to others, from its comments. All pages are made before the first
 * is written, so that a failure leaves the old ones. Fails with `documentation_below_floor`, `documentation_warnings`
 * (`strict`), `tool_failed` or `tool_timeout`; skips with `nothing_to_do`.
 */
export const docs = defineAction<DocsInput, DocsReport>(async (input, context) => {
  const prepared = await prepareDocs(context, input);
  const { steps, findings: conflicts } = await preparePublication(prepared.workspace, prepared.publication);
  if (prepared.makers.length === 0 && steps.length === 0) throw nothingToDo(prepared);
  const drift = input.check === true ? steps.map(outOfDate) : [];
  const findings = [...prepared.findings, ...conflicts, ...drift].toSorted(byPlace);
  const wouldChange = input.check === true ? steps.map(({ path }) => path) : [];
  const report = (written: Written = NOTHING_WRITTEN) =>
    reportOf(prepared, findings, written, { check: input.check === true, wouldChange });

  const coverage = measureCoverage(prepared.pages);
  const floor = input.floor ?? 0;
  if (coverage.share < floor) throw belowFloor(prepared, report(), floor);
  const warnings = findings.filter(({ severity }) => severity !== 'info');
  if (input.strict === true && warnings.length > 0) throw hasWarnings(warnings, report());
  if (input.check === true) return report();
  return report(await write(context, prepared, steps));
});

interface Written {
  /** What may be committed. */
  readonly changes: DocsReport['changes'];
  readonly skipped: DocsReport['skipped'];
  /** Also those that git ignores. */
  readonly files: number;
}

const NOTHING_WRITTEN: Written = { changes: [], skipped: [], files: 0 };

async function write(
  context: ActionContext,
  { workspace, ignored }: PreparedDocs,
  steps: readonly PublicationStep[],
): Promise<Written> {
  const folderOf = (path: string) => ignored.find((folder) => path.startsWith(`${folder}/`));
  const shown = steps.filter(({ path }) => folderOf(path) === undefined);
  const { changes, skipped } = await publish(context, workspace, shown, context.effect);
  // Nobody reads the differences of what git ignores, and nothing of it is committed.
  const told = [...skipped];
  let silently = 0;
  for (const folder of ignored) {
    const own = steps.filter(({ path }) => folderOf(path) === folder);
    const quietly = await publish(context, workspace, own, () => undefined);
    told.push(...quietly.skipped);
    const files = quietly.changes.length;
    silently += files;
    if (files > 0)
      context.effect({ kind: 'file', change: 'modified', path: folder, files, group: 'documentation' });
  }
  return { changes, skipped: told, files: changes.length + silently };
}

function reportOf(
  prepared: PreparedDocs,
  findings: readonly Finding[],
  { changes, skipped, files }: Written,
  { check, wouldChange }: { check: boolean; wouldChange: readonly string[] },
): DocsReport {
  const coverage = measureCoverage(prepared.pages);
  const { symbols, documented, share } = coverage;
  const written = check ? `${wouldChange.length} files out of date` : `${files} files changed`;
  const by = prepared.makers.length === 0 ? '' : ` (${prepared.makers.join(', ')})`;
  const told = symbols === 0 ? '' : `, ${share} % of ${symbols} symbols documented`;
  return {
    summary: `${prepared.pages.length} modules: ${written}${told}${by}`,
    changes,
    findings,
    metrics: {
      modules: prepared.pages.length,
      files: prepared.publication.files.size,
      changed: files,
      wouldChange: wouldChange.length,
      symbols,
      documented,
      share,
      findings: findings.length,
    },
    artifacts: [],
    skipped: [...prepared.skipped, ...skipped],
    changedFiles: changes.map(({ path }) => path),
    wouldChange,
    coverage,
  };
}

function nothingToDo({ skipped, output }: PreparedDocs): ActionError {
  const [missing] = skipped;
  if (missing !== undefined) return skip(missing.reason, missing.message, missing.hint);
  return skip('nothing_to_do', `there is no module whose comments could go into ${output}`);
}

function belowFloor({ pages }: PreparedDocs, report: DocsReport, floor: number): ActionError {
  const { share, documented, symbols } = report.coverage;
  const missing = pages.flatMap((page) => countedIn(page).filter((placed) => !isDocumented(placed)));
  const [first] = missing;
  const listed = missing.slice(0, MOST_UNDOCUMENTED).map(
    ({ title, symbol }): Finding => ({
      tool: 'docs',
      rule: 'undocumented',
      severity: 'low',
      confidence: 'high',
      file: symbol.file,
      line: symbol.line,
      message: `${title} has no comment`,
      fix: 'say what it does for whom, where its name does not',
    }),
  );
  const example =
    first === undefined
      ? ''
      : `; the first without a comment is ${first.title} (${first.symbol.file}:${first.symbol.line})`;
  return new ActionError(
    'documentation_below_floor',
    `${share} % of the symbols are documented (${documented} of ${symbols}), below the floor of ${floor} %${example}`,
    {
      hint: 'document what is missing, or lower the floor; the pages are as they were',
      details: { ...detailsOf({ ...report, findings: [...report.findings, ...listed] }), share, floor },
    },
  );
}

function hasWarnings(warnings: readonly Finding[], report: DocsReport): ActionError {
  const [first] = warnings as [Finding, ...Finding[]];
  const place = first.line === undefined ? first.file : `${first.file}:${first.line}`;
  const count =
    warnings.length === 1 ? 'there is a warning' : `there are ${warnings.length} warnings, the first`;
  return new ActionError('documentation_warnings', `${count} in ${place}: ${first.message}`, {
    hint: 'correct what they name, or leave `strict` away; the pages are as they were',
    details: detailsOf(report),
  });
}

/** The whole report goes with the failure: whoever shows the step has it either way. */
function detailsOf(report: DocsReport): JsonObject {
  return JSON.parse(JSON.stringify(report)) as JsonObject;
}

function outOfDate({ path }: PublicationStep): Finding {
  return {
    tool: 'docs',
    rule: 'out-of-date',
    severity: 'low',
    confidence: 'high',
    file: path,
    message: 'the page is not what the comments give now',
    fix: 'run code/docs without `check`',
  };
}

function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
