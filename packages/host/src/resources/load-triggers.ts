import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CadreError, nearest, type Problem, parseTrigger, type Trigger } from '@cadre/core';
import { isKitError, parseRule } from '@cadre/kit/schedules';

export interface LoadedTrigger {
  readonly path: string;
  /** Absent when the text is no trigger at all. */
  readonly trigger?: Trigger;
  readonly problems: readonly Problem[];
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];
const MAX_BYTES = 256 * 1024;

/** Where the triggers of a workspace are declared. */
export function triggersFolder(workspace: string): string {
  return join(workspace, '.cadre/triggers');
}

/** All triggers of a workspace, by name. Of two with one name the second has a problem and is no trigger. */
export async function loadTriggers(workspace: string): Promise<readonly LoadedTrigger[]> {
  const folder = triggersFolder(workspace);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => !entry.isDirectory() && EXTENSIONS.includes(extname(entry.name)));
  const loaded: LoadedTrigger[] = [];
  const owners = new Map<string, string>();
  for (const { name } of names.sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const one = await loadTrigger(join(folder, name));
    const owner = one.trigger && owners.get(one.trigger.name);
    if (one.trigger !== undefined && owner === undefined) owners.set(one.trigger.name, one.path);
    loaded.push(owner === undefined ? one : { path: one.path, problems: [twice(owner), ...one.problems] });
  }
  return loaded;
}

/** Reads, parses and checks one file, its rule included. Whether there is its workflow is `checkTarget`'s to say. */
export async function loadTrigger(path: string): Promise<LoadedTrigger> {
  const text = await readText(path);
  if (typeof text !== 'string') return { path, problems: [text] };
  const parsed = parseTrigger(text, { file: path });
  if (!parsed.ok) return { path, problems: parsed.problems };
  const problems = ruleProblems(parsed.trigger, parsed.findPosition);
  return problems.length > 0 ? { path, problems } : { path, trigger: parsed.trigger, problems };
}

async function readText(path: string): Promise<string | Problem> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES)
      return fileProblem('too_large', `it has ${size} bytes; a trigger has at most ${MAX_BYTES}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof TypeError) return fileProblem('not_text', 'it is not a text in UTF-8');
    return fileProblem('not_readable', error instanceof Error ? error.message : String(error));
  }
}

function ruleProblems(
  { on, timeZone }: Trigger,
  find: (path: readonly (string | number)[]) => Problem['position'],
): readonly Problem[] {
  const rule = on.kind === 'schedule' ? on.rule : '@daily';
  try {
    parseRule(rule, { now: 0, ...(timeZone === undefined ? {} : { timeZone }) });
    return [];
  } catch (error) {
    if (!isKitError(error)) throw error;
    const { field } = error.details as { field: string };
    const path = field === 'timeZone' ? ['spec', 'timeZone'] : ['spec', 'on', 'schedule'];
    const start = find(field === 'timeZone' ? path : [...path, 'rule']);
    return [
      {
        severity: 'error',
        code: error.code,
        message: error.message,
        path: path.join('.'),
        ...(start === undefined ? {} : { position: start }),
        ...(error.hint === undefined ? {} : { suggestion: error.hint }),
      },
    ];
  }
}

function twice(owner: string): Problem {
  return fileProblem(
    'duplicate_name',
    `its name is that of ${owner} already`,
    'give each trigger a name of its own',
  );
}

function fileProblem(code: string, message: string, suggestion?: string): Problem {
  return {
    severity: 'error',
    code,
    message,
    path: '',
    position: { line: 1, column: 1 },
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Throws `trigger_not_found` with the nearest names, and `invalid_trigger` for one that cannot be used. */
export function findTrigger(loaded: readonly LoadedTrigger[], name: string): Trigger {
  const found = loaded.find(({ trigger }) => trigger?.name === name)?.trigger;
  if (found !== undefined) return found;
  const broken = loaded.find(
    ({ path }) =>
      path
        .split(/[/\\]/)
        .at(-1)
        ?.replace(/\.[^.]+$/, '') === name,
  );
  const [problem] = broken?.problems ?? [];
  if (broken !== undefined && problem !== undefined) {
    throw new CadreError('invalid_trigger', `${broken.path}: ${problem.message}`, {
      hint: `cadre trigger check ${broken.path}`,
    });
  }
  const names = loaded.flatMap(({ trigger }) => (trigger === undefined ? [] : [trigger.name]));
  const [likely] = nearest(name, names);
  throw new CadreError('trigger_not_found', `there is no trigger "${name}"`, {
    hint: likely === undefined ? 'cadre trigger list' : `did you mean ${likely}?`,
  });
}
