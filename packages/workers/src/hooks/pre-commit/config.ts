import { ActionError } from '@cadre/sdk';
import { parseDocument } from 'yaml';

/** A hook as the configuration writes it; what it leaves out comes from the hook's repository. */
export interface HookConfig {
  readonly id: string;
  readonly name?: string;
  readonly alias?: string;
  readonly entry?: string;
  readonly language?: string;
  readonly args?: readonly string[];
  readonly files?: string;
  readonly exclude?: string;
  readonly types?: readonly string[];
  readonly types_or?: readonly string[];
  readonly exclude_types?: readonly string[];
  readonly pass_filenames?: boolean;
  readonly require_serial?: boolean;
  readonly always_run?: boolean;
  readonly fail_fast?: boolean;
  readonly stages?: readonly string[];
  readonly verbose?: boolean;
}

export interface PreCommitConfig {
  readonly files: string;
  readonly exclude: string;
  readonly failFast: boolean;
  readonly defaultStages: readonly string[] | undefined;
  readonly repos: readonly { readonly repo: string; readonly hooks: readonly HookConfig[] }[];
}

type Kind = 'text' | 'flag' | 'texts';

const HOOK_KEYS: Readonly<Record<keyof HookConfig, Kind>> = {
  id: 'text',
  name: 'text',
  alias: 'text',
  entry: 'text',
  language: 'text',
  args: 'texts',
  files: 'text',
  exclude: 'text',
  types: 'texts',
  types_or: 'texts',
  exclude_types: 'texts',
  pass_filenames: 'flag',
  require_serial: 'flag',
  always_run: 'flag',
  fail_fast: 'flag',
  stages: 'texts',
  verbose: 'flag',
};

/** Keys that matter to pre-commit's own environments and versions only are read over. Throws `invalid_config`. */
export function parsePreCommitConfig(text: string, file: string): PreCommitConfig {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(file, fault.message.trim());
  const root = document.toJS() as unknown;
  // The oldest form of the file is just the list.
  const map = Array.isArray(root) ? { repos: root } : root;
  if (!isMap(map) || !Array.isArray(map['repos'])) throw invalid(file, 'it has no list `repos`');
  return {
    files: textOr(map['files'], ''),
    exclude: textOr(map['exclude'], '^$'),
    failFast: map['fail_fast'] === true,
    defaultStages: Array.isArray(map['default_stages']) ? map['default_stages'].map(String) : undefined,
    repos: map['repos'].map((repo, index) => parseRepo(repo, `repos[${index}]`, file)),
  };
}

function parseRepo(repo: unknown, place: string, file: string): PreCommitConfig['repos'][number] {
  if (!isMap(repo) || typeof repo['repo'] !== 'string') throw invalid(file, `${place} names no \`repo\``);
  if (!Array.isArray(repo['hooks'])) throw invalid(file, `${place} has no list \`hooks\``);
  const hooks = repo['hooks'].map((hook, index) => parseHook(hook, `${place}.hooks[${index}]`, file));
  return { repo: repo['repo'], hooks };
}

function parseHook(hook: unknown, place: string, file: string): HookConfig {
  if (!isMap(hook) || typeof hook['id'] !== 'string') throw invalid(file, `${place} has no \`id\``);
  const entries = Object.entries(HOOK_KEYS).flatMap(([key, kind]) => {
    const value = hook[key];
    if (value === undefined || value === null) return [];
    return [
      [key, READERS[kind](value, () => invalid(file, `${place}.${key} is not ${WANTED[kind]}`))] as const,
    ];
  });
  return Object.fromEntries(entries) as unknown as HookConfig;
}

const WANTED: Readonly<Record<Kind, string>> = {
  text: 'a text',
  flag: 'true or false',
  texts: 'a list of texts',
};

const READERS: Readonly<Record<Kind, (value: unknown, refuse: () => ActionError) => unknown>> = {
  text(value, refuse) {
    if (typeof value === 'object' || typeof value === 'boolean') throw refuse();
    return String(value);
  },
  flag(value, refuse) {
    if (typeof value !== 'boolean') throw refuse();
    return value;
  },
  texts(value, refuse) {
    if (!Array.isArray(value) || value.some((item) => typeof item === 'object')) throw refuse();
    return value.map(String);
  },
};

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(file: string, reason: string): ActionError {
  return new ActionError('invalid_config', `${file}: ${reason}`, { hint: `correct ${file}` });
}
