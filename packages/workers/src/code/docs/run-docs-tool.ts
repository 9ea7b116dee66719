import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type ActionContext, ActionError, type Completed, type Finding } from '@cadre/sdk';
import { lastLines } from '../../tree/last-lines.ts';
import { readGit } from '../../tree/read-git.ts';
import { commandLine } from '../command-line.ts';
import type { ConfiguredTool } from './docs-tools.ts';

export interface ToolPages {
  /** By path relative to the tool's output folder. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly findings: readonly Finding[];
}

/** Under the limit of the step, so that the failure names the tool. */
const LIMIT_MS = 540_000;
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Lets a tool write into a folder of its own, because some of them empty the folder that they write to.
 * Throws ActionError `tool_failed` or `tool_timeout`; nothing is changed then.
 */
export async function runDocsTool(
  context: ActionContext,
  root: string,
  tool: ConfiguredTool & { readonly found: string; readonly place: string },
  options: { readonly strict: boolean; readonly generated: readonly string[] },
): Promise<ToolPages> {
  const folder = await context.tempDir();
  const out = join(folder, 'out');
  await mkdir(out);
  const { epoch, revision } = await lastChange(context, root, options.generated);
  const cache = join(folder, 'cache');
  const { strict } = options;
  const settings = { strict, ...(revision === undefined ? {} : { revision }) };
  const env = {
    NO_COLOR: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUTF8: '1',
    XDG_CACHE_HOME: cache,
    ...(epoch === undefined ? {} : { SOURCE_DATE_EPOCH: epoch }),
  };
  const arguments_ = tool.arguments({ ...settings, out, cache });
  const completed = await context.exec(tool.found, arguments_, { cwd: root, env, timeoutMs: LIMIT_MS });
  const shown = [tool.program, ...tool.arguments({ ...settings, out: tool.place })];
  if (completed.timedOut || completed.code !== 0)
    throw toolFailed(tool, completed, commandLine(shown), [folder, root]);
  return { files: await filesIn(out, tool), findings: warningsIn(tool, completed, [folder, root]) };
}

/** Dates and revisions on pages are those of the last commit to anything but the pages, so that pages stay the same. */
async function lastChange(
  context: ActionContext,
  root: string,
  generated: readonly string[],
): Promise<{ epoch?: string; revision?: string }> {
  if ((await context.find('git')) === undefined) return {};
  const others = generated.map((folder) => `:(exclude,literal)${folder}`);
  const query = ['log', '-1', '--format=%ct %H', '--', '.', ...others];
  const { code, stdout } = await readGit(context, root, query, { env: { GIT_LITERAL_PATHSPECS: '0' } });
  const found = /^(\d+) ([0-9a-f]{40,})/.exec(stdout);
  return code === 0 && found !== null ? { epoch: found[1] as string, revision: found[2] as string } : {};
}

async function filesIn(out: string, { noise }: ConfiguredTool): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let bytes = 0;
  for (const entry of await readdir(out, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
      .slice(out.length + 1)
      .split(sep)
      .join('/');
    if (!entry.isFile() || noise?.test(path)) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    bytes += content.length;
    if (bytes > MAX_BYTES) {
      throw new ActionError('too_large', `the documentation has more than ${MAX_BYTES} bytes`, {
        hint: 'leave large files out of the settings of the tool',
      });
    }
    files.set(path, content);
  }
  return files;
}

/** `a.py:3: WARNING: text`, `[warning] text`, `WARNING -  text`. */
function warningsIn(
  { name, reason }: ConfiguredTool,
  completed: Completed,
  folders: readonly string[],
): Finding[] {
  const lines = saidBy(completed, folders);
  return lines.flatMap((line): Finding[] => {
    const found =
      /^(?:(?<file>[^:\s][^:]*):(?:docstring of [^:]+:)?(?:(?<line>\d+):)? )?\[?warning\]?:?\s*(?:-\s+)?(?<message>.+)$/i.exec(
        line,
      );
    const { file, line: at, message } = found?.groups ?? {};
    if (message === undefined || /^Found \d+ errors? and \d+ warnings?$/.test(message)) return [];
    return [
      {
        tool: name,
        rule: 'warning',
        severity: 'low',
        confidence: 'high',
        file: file ?? reason,
        ...(at === undefined ? {} : { line: Number(at) }),
        message,
      },
    ];
  });
}

function toolFailed(
  tool: ConfiguredTool,
  completed: Completed,
  command: string,
  folders: readonly string[],
): ActionError {
  const lines = lastLines(saidBy(completed, folders).join('\n'));
  const reason = lines.find((line) => /error|warning|fail/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
  const ended = completed.timedOut
    ? `took longer than ${LIMIT_MS / 60_000} minutes`
    : `ended with exit code ${completed.code}: ${reason}`;
  return new ActionError(completed.timedOut ? 'tool_timeout' : 'tool_failed', `${tool.name} ${ended}`, {
    hint: `the documentation is as it was; repeat it with: ${command}`,
    details: { tool: tool.name, command, exitCode: completed.code, lastLines: lines },
  });
}

/** Without the places of this one run, so that a person can follow. */
function saidBy({ stdout, stderr }: Completed, folders: readonly string[]): string[] {
  const text = stripVTControlCharacters(`${stdout}\n${stderr}`);
  return folders.reduce((said, folder) => said.replaceAll(`${folder}${sep}`, ''), text).split(/\r?\n/);
}
