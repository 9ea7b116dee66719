import { dirname, join, relative, resolve, sep } from 'node:path';
import { isInside } from '@cadre/kit/files';
import { type ActionContext, ActionError, type Completed, type Finding, type Skipped } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { batchesOf } from './batches.ts';
import type { Choice } from './choose-tools.ts';
import { commandLine } from './command-line.ts';
import { inParallel } from './in-parallel.ts';
import type { Scratch } from './scratch.ts';
import { SYNTAX_RULE, type ToolFinding } from './tools/tool.ts';

export interface ToolPlace {
  readonly context: ActionContext;
  readonly scratch: Scratch;
  readonly jobs: number;
  readonly limits?: ToolLimits;
}

export interface ToolLimits {
  /** For one call with many files. */
  readonly toolMs: number;
  /** For one file, when the call with many did not end well. */
  readonly fileMs: number;
}

export interface ToolResult {
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
}

type InstalledChoice = Choice & { readonly program: string };

interface Crash {
  readonly path: string;
  readonly completed: Completed;
}

interface BatchResult {
  readonly findings: readonly Finding[];
  readonly crashes: readonly Crash[];
  readonly timedOut: readonly string[];
  readonly well: number;
}

const LIMITS: ToolLimits = { toolMs: 600_000, fileMs: 120_000 };
/** When so many files in a row fail alone and none succeeds, it is the tool that is broken. */
const ENOUGH_CRASHES = 3;

/**
 * Runs a tool over its files in the scratch folder. A file that it cannot read is a finding, one that takes too long
 * is skipped; both stay as they were. Throws ActionError `tool_failed` when it works for none.
 */
export async function runTool(
  place: ToolPlace,
  choice: InstalledChoice,
  arguments_: readonly string[],
): Promise<ToolResult> {
  const { tool, paths } = choice;
  const batches = tool.input === 'stdin' ? paths.map((path) => [path]) : batchesOf(paths, place.jobs);
  let done = 0;
  const results = await inParallel(batches, place.jobs, async (batch) => {
    const result = await runBatch(place, choice, arguments_, batch);
    done += batch.length;
    place.context.progress({ label: tool.name, done, total: paths.length, unit: 'files' });
    return result;
  });
  return judge(place, choice, arguments_, merge(results));
}

async function runBatch(
  place: ToolPlace,
  choice: InstalledChoice,
  arguments_: readonly string[],
  batch: readonly string[],
): Promise<BatchResult> {
  await place.scratch.addFiles(batch);
  // A tool that is killed may leave a file half written: what was there comes back before anything else is tried.
  const before = await Promise.all(batch.map((path) => place.scratch.read(path)));
  const limits = place.limits ?? LIMITS;
  const single = batch.length === 1 && choice.paths.length > 1;
  const completed = await call(place, choice, arguments_, batch, single ? limits.fileMs : limits.toolMs);
  const findings = findingsOf(place, choice, batch, completed);
  const readable = choice.tool.exits.includes(completed.code) || findings.length > 0;
  const restore = (paths: readonly string[]) =>
    Promise.all(
      paths.map((path) => place.scratch.write(path, before[batch.indexOf(path)] ?? Buffer.alloc(0))),
    );
  if (readable && !completed.timedOut && !completed.truncated) {
    await restore(unreadable(batch, findings));
    return { findings, crashes: [], timedOut: [], well: batch.length };
  }
  await restore(batch);
  if (batch.length > 1) return runEach(place, choice, arguments_, batch);
  const [path = ''] = batch;
  return {
    findings: [],
    crashes: completed.timedOut ? [] : [{ path, completed }],
    timedOut: completed.timedOut ? [path] : [],
    well: 0,
  };
}

/** Some tools move what they cannot read. */
function unreadable(batch: readonly string[], findings: readonly Finding[]): string[] {
  const files = new Set(findings.filter(({ rule }) => rule === SYNTAX_RULE).map(({ file }) => file));
  return batch.filter((path) => files.has(path));
}

async function runEach(
  place: ToolPlace,
  choice: InstalledChoice,
  arguments_: readonly string[],
  batch: readonly string[],
): Promise<BatchResult> {
  const results: BatchResult[] = [];
  for (const path of batch) {
    results.push(await runBatch(place, choice, arguments_, [path]));
    const { well, crashes } = merge(results);
    if (well === 0 && crashes.length >= ENOUGH_CRASHES) break;
  }
  return merge(results);
}

async function call(
  { context, scratch }: ToolPlace,
  { tool, folder, program }: InstalledChoice,
  arguments_: readonly string[],
  batch: readonly string[],
  timeoutMs: number,
): Promise<Completed> {
  const env = { ...scratch.env, ...tool.env };
  if (tool.input === 'files') {
    const cwd = join(scratch.root, folder.path);
    return context.exec(program, [...arguments_, ...batch.map((path) => named(folder.path, path))], {
      cwd,
      env,
      timeoutMs,
    });
  }
  const [path = ''] = batch;
  const stdin = await scratch.read(path);
  const cwd = dirname(join(scratch.root, path));
  const completed = await context.exec(program, arguments_, { cwd, env, timeoutMs, stdin });
  const usable = tool.exits.includes(completed.code) && completed.stdout !== '' && !completed.truncated;
  if (usable && completed.stdout !== stdin.toString('utf8')) {
    await scratch.write(path, Buffer.from(completed.stdout));
  }
  return completed;
}

/** Relative to where the tool runs; `./` keeps names such as `-x.js` from being read as options. */
function named(folder: string, path: string): string {
  return `./${folder === '' ? path : path.slice(folder.length + 1)}`;
}

function findingsOf(
  { scratch }: ToolPlace,
  { tool, folder }: InstalledChoice,
  batch: readonly string[],
  completed: Completed,
): Finding[] {
  const cwd = join(scratch.root, folder.path);
  return tool.parse(completed).flatMap((found: ToolFinding) => {
    const file = found.file === undefined ? batch[0] : pathOf(scratch.root, cwd, found.file);
    if (file === undefined) return [];
    const message = found.message.replaceAll(`${scratch.root}${sep}`, '');
    return [{ ...found, tool: tool.name, confidence: 'high', file, message }];
  });
}

function pathOf(root: string, cwd: string, file: string): string | undefined {
  const path = resolve(cwd, file);
  return isInside(root, path) ? relative(root, path).split(sep).join('/') : undefined;
}

function merge(results: readonly BatchResult[]): BatchResult {
  return {
    findings: results.flatMap(({ findings }) => findings),
    crashes: results.flatMap(({ crashes }) => crashes),
    timedOut: results.flatMap(({ timedOut }) => timedOut),
    well: results.reduce((sum, { well }) => sum + well, 0),
  };
}

function judge(
  place: ToolPlace,
  choice: InstalledChoice,
  arguments_: readonly string[],
  { findings, crashes, timedOut, well }: BatchResult,
): ToolResult {
  const { tool } = choice;
  const [first] = crashes;
  if (first !== undefined && well === 0) throw toolFailed(place, choice, arguments_, first);
  return {
    findings: [
      ...findings,
      ...crashes.map(
        ({ path, completed }): Finding => ({
          tool: tool.name,
          rule: 'tool_failed',
          severity: 'high',
          confidence: 'high',
          file: path,
          message: `${tool.name} failed on this file: ${saidBy(completed).at(-1) ?? `exit code ${completed.code}`}`,
        }),
      ),
    ],
    skipped: timedOut.map((path) => ({
      tool: tool.name,
      reason: 'timed_out',
      message: `${tool.name} took too long on ${path}; the file stays as it is`,
    })),
  };
}

function toolFailed(
  { scratch }: ToolPlace,
  { tool, folder }: InstalledChoice,
  arguments_: readonly string[],
  { path, completed }: Crash,
): ActionError {
  const words = [tool.program, ...arguments_];
  const command =
    tool.input === 'files'
      ? commandLine([...words, named(folder.path, path)])
      : `${commandLine(words)} < ${commandLine([path])}`;
  const lines = saidBy(completed).map((line) => line.replaceAll(`${scratch.root}${sep}`, ''));
  const reason = lines.find((line) => /error|fail/i.test(line)) ?? lines[0];
  return new ActionError(
    'tool_failed',
    `${tool.name} ended with exit code ${completed.code}: ${reason ?? 'it said nothing'}`,
    {
      hint: `nothing was changed; repeat it in ${folder.path || 'the repository'} with: ${command}`,
      details: { tool: tool.name, command, exitCode: completed.code, lastLines: lines },
    },
  );
}

/** What it complains about, or all that it says. */
function saidBy({ stdout, stderr }: Completed): string[] {
  return lastLines(stderr.trim() === '' ? stdout : stderr);
}
