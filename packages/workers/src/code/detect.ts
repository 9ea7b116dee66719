import { open, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ActionContext, defineAction, type StepReport } from '@cadre/sdk';
import { coerce, lt } from 'semver';
import { listFiles } from '../tree/list-files.ts';
import { type Choice, chooseTools, missingTool } from './choose-tools.ts';
import { inParallel } from './in-parallel.ts';
import { installCommand } from './install-command.ts';
import { languageOf } from './language.ts';
import type { Tool } from './tools/tool.ts';
import { foreignPath } from './untouched.ts';

export interface DetectInput {
  readonly path?: string;
  readonly exclude?: readonly string[];
}

export interface DetectReport extends StepReport {
  readonly languages: readonly { readonly name: string; readonly files: number }[];
  readonly tools: readonly DetectedTool[];
}

interface DetectedTool {
  readonly name: string;
  readonly stage: Tool['stage'];
  /** The folder that uses it; `.` is the workspace. */
  readonly folder: string;
  readonly reason: string;
  readonly files: number;
  readonly installed: boolean;
  readonly path?: string;
  readonly version?: string;
  /** The oldest version that can be used, of one that is older. */
  readonly tooOld?: string;
  readonly install?: string;
}

const VERSION_LIMIT_MS = 10_000;
const AT_ONCE = 32;

/** The languages of the workspace, the tools that it uses for them, and how to get those that are missing. */
export const detect = defineAction<DetectInput, DetectReport>(async (input, context) => {
  const workspace = await realpath(context.workspace);
  const listed = await listFiles(context, { path: input.path ?? '.', exclude: input.exclude ?? [] });
  const own = listed.filter((path) => foreignPath(path) === undefined);
  const files = await inParallel(own, AT_ONCE, async (path) => ({
    path,
    language: languageOf(path, '') ?? languageOf(path, await headOf(join(workspace, path))),
  }));
  const choices = await chooseTools(context, workspace, files);
  const tools = await Promise.all(choices.map((choice) => describe(context, choice)));
  const missing = choices.filter(({ program }) => program === undefined);
  const grouped = Map.groupBy(files, ({ language }) => language ?? 'other');
  const languages = [...grouped]
    .map(([name, group]) => ({ name, files: group.length }))
    .toSorted((a, b) => b.files - a.files);
  return {
    summary: `${languages.length} languages, ${tools.length - missing.length} tools, ${missing.length} missing`,
    changes: [],
    findings: [],
    metrics: { files: files.length, tools: tools.length, missing: missing.length },
    artifacts: [],
    skipped: await Promise.all(missing.map((choice) => missingTool(context, choice))),
    languages,
    tools,
  };
});

/** Only a file without an extension says by its first line what it is. */
async function headOf(path: string): Promise<string> {
  if (basename(path).includes('.')) return '';
  const file = await open(path).catch(() => undefined);
  const head = await file?.read({ buffer: Buffer.alloc(200) });
  await file?.close();
  return head?.buffer.toString('utf8', 0, head.bytesRead) ?? '';
}

async function describe(context: ActionContext, choice: Choice): Promise<DetectedTool> {
  const { tool, folder, reason, program, paths } = choice;
  const about = {
    name: tool.name,
    stage: tool.stage,
    folder: folder.path || '.',
    reason,
    files: paths.length,
  };
  const version = program === undefined ? undefined : await versionOf(context, tool, program);
  const isOld = tool.minimum !== undefined && version !== undefined && isOlder(version, tool.minimum);
  const install =
    program === undefined || isOld ? await installCommand(context, folder, tool.install) : undefined;
  return {
    ...about,
    installed: program !== undefined,
    ...(program === undefined ? {} : { path: program }),
    ...(version === undefined ? {} : { version }),
    ...(isOld ? { tooOld: tool.minimum } : {}),
    ...(install === undefined ? {} : { install }),
  };
}

/** Programs say `1.2` as well as `1.2.3`. */
function isOlder(version: string, minimum: string): boolean {
  const known = coerce(version);
  return known !== null && lt(known, minimum);
}

/** Undefined when the program does not say. */
async function versionOf(context: ActionContext, tool: Tool, program: string): Promise<string | undefined> {
  const asked = tool.version.program ?? program;
  if ((await context.find(asked)) === undefined) return undefined;
  const options = { timeoutMs: VERSION_LIMIT_MS };
  const { stdout, stderr } = await context.exec(asked, tool.version.arguments, options);
  return /\d+\.\d+(\.\d+)?/.exec(stdout || stderr)?.[0];
}
