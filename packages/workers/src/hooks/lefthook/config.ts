import { ActionError } from '@cadre/sdk';
import { parseDocument } from 'yaml';

/** When something is left out: always, or in a state, on a branch, or when a command succeeds. */
export type Condition = boolean | readonly (string | { readonly ref?: string; readonly run?: string })[];

export interface LefthookJob {
  readonly name: string;
  readonly run?: string;
  readonly script?: string;
  readonly runner?: string;
  readonly files?: string;
  readonly glob: readonly string[];
  /** A text is a regular expression, a list holds globs. */
  readonly exclude: string | readonly string[];
  readonly fileTypes: readonly string[];
  readonly root: string;
  readonly tags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly skip: Condition;
  readonly only: Condition;
  readonly stageFixed: boolean;
  readonly failText: string;
  readonly priority: number;
  readonly group?: {
    readonly parallel: boolean;
    readonly piped: boolean;
    readonly jobs: readonly LefthookJob[];
  };
}

export interface LefthookHook {
  readonly parallel: boolean;
  readonly piped: boolean;
  readonly files: string | undefined;
  readonly excludeTags: readonly string[];
  readonly exclude: readonly string[];
  readonly skip: Condition;
  readonly only: Condition;
  readonly jobs: readonly LefthookJob[];
}

export interface LefthookConfig {
  readonly sourceDir: string;
  readonly globMatcher: string;
  /** Things that are fetched from elsewhere and therefore cannot run. */
  readonly remotes: readonly string[];
  readonly extends: readonly string[];
  readonly hooks: ReadonlyMap<string, LefthookHook>;
}

type Fields = Readonly<Record<string, unknown>>;

const HOOK_NAME =
  /^(?:applypatch-msg|pre-|post-|prepare-commit-msg|commit-msg|push-to-checkout|reference-transaction)/;

/** Puts the texts over each other, the later ones winning key by key. Throws ActionError `invalid_config`. */
export function parseLefthookConfig(
  texts: readonly (readonly [file: string, text: string])[],
): LefthookConfig {
  const root = texts.map(([file, text]) => parseText(file, text)).reduce(mergeMaps, {});
  const file = texts[0]?.[0] ?? 'lefthook.yml';
  const hooks = Object.entries(root).filter(([name, value]) => HOOK_NAME.test(name) && isMap(value));
  return {
    sourceDir: textOf(root['source_dir']) ?? '.lefthook',
    globMatcher: textOf(root['glob_matcher']) ?? 'gobwas',
    remotes: listOf(root['remotes']).map((remote) =>
      isMap(remote) ? String(remote['git_url']) : String(remote),
    ),
    extends: textsOf(root['extends']),
    hooks: new Map(hooks.map(([name, value]) => [name, parseHook(value as Fields, `${file}: ${name}`)])),
  };
}

function parseText(file: string, text: string): Fields {
  const document = parseDocument(text, { merge: true });
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(file, fault.message.trim());
  const root = (document.toJS() ?? {}) as unknown;
  if (!isMap(root)) throw invalid(file, 'it must hold keys and values');
  return root;
}

function mergeMaps(below: Fields, above: Fields): Fields {
  const merged = Object.entries(above).map(([key, value]) => {
    const other = below[key];
    return [key, isMap(value) && isMap(other) ? mergeMaps(other, value) : value] as const;
  });
  return { ...below, ...Object.fromEntries(merged) };
}

function parseHook(hook: Fields, place: string): LefthookHook {
  const commands = Object.entries(mapOf(hook['commands'])).map(([name, job]) => parseJob(name, job, place));
  const scripts = Object.entries(mapOf(hook['scripts'])).map(([name, job]) => ({
    ...parseJob(name, job, place),
    script: name,
  }));
  const inOrder = [...commands, ...scripts].toSorted(byPriority);
  return {
    parallel: hook['parallel'] === true,
    piped: hook['piped'] === true,
    files: textOf(hook['files']),
    excludeTags: textsOf(hook['exclude_tags']),
    exclude: textsOf(hook['exclude']),
    skip: conditionOf(hook['skip']),
    only: conditionOf(hook['only']),
    jobs: [...parseJobs(hook['jobs'], place), ...inOrder],
  };
}

function parseJobs(jobs: unknown, place: string): readonly LefthookJob[] {
  return listOf(jobs).map((job, index) => {
    const fields = mapOf(job);
    const name =
      textOf(fields['name']) ?? textOf(fields['run']) ?? textOf(fields['script']) ?? `job ${index + 1}`;
    return parseJob(name, job, place);
  });
}

function parseJob(name: string, job: unknown, place: string): LefthookJob {
  if (!isMap(job)) throw invalid(place, `${name} must hold keys and values`);
  const group = job['group'];
  const optional = {
    run: textOf(job['run']),
    script: textOf(job['script']),
    runner: textOf(job['runner']),
    files: textOf(job['files']),
  };
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    name,
    glob: textsOf(job['glob']),
    exclude: typeof job['exclude'] === 'string' ? job['exclude'] : textsOf(job['exclude']),
    fileTypes: textsOf(job['file_types']),
    root: textOf(job['root']) ?? '',
    tags: textsOf(job['tags']).flatMap((tags) => tags.split(/[\s,]+/)),
    env: Object.fromEntries(Object.entries(mapOf(job['env'])).map(([key, value]) => [key, String(value)])),
    skip: conditionOf(job['skip']),
    only: conditionOf(job['only']),
    stageFixed: job['stage_fixed'] === true,
    failText: textOf(job['fail_text']) ?? '',
    priority: typeof job['priority'] === 'number' ? job['priority'] : 0,
    ...(isMap(group)
      ? {
          group: {
            parallel: group['parallel'] === true,
            piped: group['piped'] === true,
            jobs: parseJobs(group['jobs'], place),
          },
        }
      : {}),
  };
}

/** Without a priority a command comes after all that have one; `2_lint` comes before `10_test`. */
function byPriority(a: LefthookJob, b: LefthookJob): number {
  if (a.priority === b.priority) return a.name.localeCompare(b.name, 'en', { numeric: true });
  return (a.priority || Number.MAX_SAFE_INTEGER) - (b.priority || Number.MAX_SAFE_INTEGER);
}

function conditionOf(value: unknown): Condition {
  if (typeof value === 'boolean') return value;
  return listOf(value).map((item) =>
    isMap(item) ? { ...textField(item, 'ref'), ...textField(item, 'run') } : String(item),
  );
}

function textField(map: Fields, key: 'ref' | 'run'): { ref?: string; run?: string } {
  const value = textOf(map[key]);
  return value === undefined ? {} : { [key]: value };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).map(String);
}

function mapOf(value: unknown): Fields {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(place: string, reason: string): ActionError {
  return new ActionError('invalid_config', `${place}: ${reason}`, { hint: 'correct the file' });
}
