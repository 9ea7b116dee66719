import { realpath } from 'node:fs/promises';
import {
  type ActionContext,
  ActionError,
  type Change,
  type Finding,
  type Skipped,
  type StepReport,
  skip,
} from '@cadre/sdk';
import { createStopwatch, type Stopwatch } from '../tree/stopwatch.ts';
import { OTHER_FILES, textPass } from './built-in/text-pass.ts';
import { applyChanges, changedSources } from './changes.ts';
import { type Choice, chooseTools, missingTool } from './choose-tools.ts';
import { type CodeInput, jobsOf, only } from './input.ts';
import { runTool, type ToolResult } from './run-tool.ts';
import { foldersAbove, openScratch, type Scratch } from './scratch.ts';
import { openSources, type Source, type Sources } from './sources.ts';
import { SYNTAX_RULE, type Tool } from './tools/tool.ts';
import { BUILT_IN, TOOLS } from './tools/tools.ts';

/** What formatting and linting have in common: the files, their copy and the tools for them. */
export interface Work extends Sources {
  readonly context: ActionContext;
  /** Absolute and real. */
  readonly workspace: string;
  readonly input: CodeInput;
  readonly scratch: Scratch;
  readonly choices: readonly Choice[];
  readonly withBuiltIn: boolean;
  readonly stopwatch: Stopwatch;
}

/** What `format` and `lint` answer. */
export interface CodeReport extends StepReport {
  /** Written; in a plan those that would be. */
  readonly changedFiles: readonly string[];
  /** With `check`, the files that are not as they should be. */
  readonly wouldChange: readonly string[];
}

/** Throws `invalid_input` for a tool that nobody knows, and ends as skipped when there is no file to work on. */
export async function openWork(context: ActionContext, input: CodeInput): Promise<Work> {
  const selected = only(input.tools);
  checkToolNames(selected);
  const workspace = await realpath(context.workspace);
  const scratch = await openScratch(context, workspace);
  const found = await openSources(context, workspace, input);
  if (found.sources.length === 0 && found.skipped.length === 0) {
    throw skip('nothing_to_do', `there is no text file to work on in ${input.path ?? '.'}`);
  }
  const all = await chooseTools(context, workspace, found.sources);
  const choices = all.filter(({ tool }) => selected === undefined || selected.has(tool.name));
  const withBuiltIn = selected === undefined || selected.has(BUILT_IN);
  const stopwatch = createStopwatch();
  return { ...found, context, workspace, input, scratch, choices, withBuiltIn, stopwatch };
}

/** Copies what the tools read besides the sources. Needed before the first of them runs. */
export async function prepareTools({ scratch, choices, sources, listed }: Work): Promise<void> {
  const installed = choices.filter(({ program }) => program !== undefined);
  if (installed.length === 0) return;
  await scratch.addSettings(new Set(sources.map(({ path }) => foldersAbove(path)[0] ?? '')));
  if (installed.some(({ tool }) => tool.needsProject)) await scratch.addFiles(listed);
}

/** Runs the tools of a stage one after another over their files, or over those of `paths`. */
export async function runStage(
  { context, scratch, choices, input, sources, stopwatch }: Work,
  stage: Tool['stage'],
  mode: 'fix' | 'inspect',
  paths?: ReadonlySet<string>,
): Promise<ToolResult> {
  const results: ToolResult[] = [];
  for (const choice of choices.filter(({ tool }) => tool.stage === stage)) {
    const { tool, folder, program } = choice;
    // A linter that cannot fix finds all the same.
    const arguments_ = (tool[mode] ?? (mode === 'fix' ? tool.inspect : undefined))?.(folder);
    const own = choice.paths.filter((path) => paths?.has(path) ?? true);
    if (program === undefined || arguments_ === undefined || own.length === 0) continue;
    const place = { context, scratch, jobs: jobsOf(input) };
    const what = { tool: tool.name, files: classOf(own, sources), count: own.length };
    results.push(
      await stopwatch.time(what, () => runTool(place, { ...choice, program, paths: own }, arguments_)),
    );
  }
  return {
    findings: results.flatMap(({ findings }) => findings),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}

/** The languages of files that a tool takes together. */
function classOf(paths: readonly string[], sources: readonly Source[]): string {
  const meant = new Set(paths);
  const languages = sources
    .filter(({ path }) => meant.has(path))
    .map(({ language }) => language ?? OTHER_FILES);
  return [...new Set(languages)].sort().join(' + ');
}

/** The formatters and, for what none of them takes care of, the built-in pass. */
export async function formatFiles(work: Work, paths?: ReadonlySet<string>): Promise<ToolResult> {
  const result = await runStage(work, 'format', 'fix', paths);
  if (!work.withBuiltIn) return result;
  const laidOut = new Set(
    work.choices.flatMap(({ tool, program, paths: own }) => (tool.layout && program ? own : [])),
  );
  const rest = work.sources.filter(({ path }) => !laidOut.has(path) && (paths?.has(path) ?? true));
  const skipped = await textPass(work, rest);
  return { findings: result.findings, skipped: [...result.skipped, ...skipped] };
}

/** Writes what changed, unless only to be checked, and says what was done. */
export async function finishWork(
  work: Work,
  stage: Tool['stage'],
  result: ToolResult,
  unformatted: (source: Source) => Promise<Finding[]>,
): Promise<CodeReport> {
  const { context, workspace, scratch, sources, input } = work;
  const changed = await changedSources(sources, scratch);
  const check = input.check === true;
  const applied = check
    ? { changes: [] as Change[], skipped: [] }
    : await applyChanges(context, workspace, scratch, changed);
  const own = work.choices.filter(({ tool }) => tool.stage === stage);
  const missing = own.filter(({ program }) => program === undefined);
  const found = check ? (await Promise.all(changed.map(unformatted))).flat() : [];
  const findings = oneFaultAFile([...result.findings, ...found]).toSorted(byPlace);
  const skipped: Skipped[] = [
    ...work.skipped,
    ...(await Promise.all(missing.map((choice) => missingTool(context, choice)))),
    ...result.skipped,
    ...applied.skipped,
  ];
  return {
    summary: summaryOf(work, stage, check ? changed.length : applied.changes.length, findings.length),
    changes: applied.changes,
    findings,
    metrics: {
      files: sources.length,
      changed: applied.changes.length,
      wouldChange: check ? changed.length : 0,
      findings: findings.length,
      tools: own.length - missing.length,
    },
    artifacts: [],
    skipped,
    changedFiles: applied.changes.map(({ path }) => path),
    wouldChange: check ? changed.map(({ path }) => path) : [],
    timings: work.stopwatch.timings(),
  };
}

function checkToolNames(selected: ReadonlySet<string> | undefined): void {
  const known = [...TOOLS.map(({ name }) => name), BUILT_IN];
  const unknown = [...(selected ?? [])].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ActionError('invalid_input', `there is no tool ${unknown.join(', ')}`, {
    hint: `the tools are ${known.join(', ')}`,
  });
}

function summaryOf(work: Work, stage: Tool['stage'], changed: number, findings: number): string {
  const names = work.choices.flatMap(({ tool, program }) =>
    tool.stage === stage && program ? [tool.name] : [],
  );
  const by = [...new Set(names), ...(work.withBuiltIn ? [BUILT_IN] : [])].join(', ');
  const planned = work.input.check || work.context.mode === 'preview';
  const verb = {
    format: planned ? 'would be formatted' : 'formatted',
    lint: planned ? 'would be fixed' : 'fixed',
  };
  const count = stage === 'lint' || findings > 0 ? `, ${findings} findings` : '';
  return `${changed} of ${work.sources.length} files ${verb[stage]}${count} (${by})`;
}

/** Several tools stumble over the same fault of syntax; one that names the line is kept. */
function oneFaultAFile(findings: readonly Finding[]): Finding[] {
  const faults = Map.groupBy(
    findings.filter(({ rule }) => rule === SYNTAX_RULE),
    ({ file }) => file,
  );
  const kept = new Set(
    [...faults.values()].map((own) => own.find(({ line }) => line !== undefined) ?? own[0]),
  );
  return findings.filter((finding) => finding.rule !== SYNTAX_RULE || kept.has(finding));
}

function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}
