import { type BuiltIn, type Check, repositoryCheck, UsageError } from '../built-in/built-in.ts';
import { BUILT_INS } from '../built-in/built-ins.ts';
import { ENTRY_ID } from '../config-entry.ts';
import type { Hook, HookWork } from '../hook.ts';
import type { PlanRequest } from '../plan-request.ts';
import { runProgram } from '../run-program.ts';
import { splitWords } from '../split-words.ts';
import { byName, chooseFiles } from './choose-files.ts';
import type { HookConfig, PreCommitConfig } from './config.ts';
import { KNOWN_PROGRAMS } from './known-programs.ts';
import { metaHooks } from './meta-hooks.ts';
import { pygrep } from './pygrep.ts';

const STANDARD_HOOKS = /(?:^|[/:])pre-commit\/pre-commit-hooks(?:\.git)?\/?$/;
/** The names that stages had before version 3.2 of pre-commit. */
const FORMER_STAGES: Readonly<Record<string, string>> = {
  commit: 'pre-commit',
  push: 'pre-push',
  'merge-commit': 'pre-merge-commit',
};
/** Languages that need no environment, with the names they had before. */
const PLAIN_LANGUAGES = new Set(['system', 'unsupported', 'script', 'unsupported_script']);

/** The hooks of a stage in the order of the configuration, each with its files and its work. */
export async function planPreCommit(
  config: PreCommitConfig,
  source: string,
  request: PlanRequest,
): Promise<readonly Hook[]> {
  const meta = metaHooks(config, (repo, hook) => ({ ...defaultsOf(repo, hook, new Map()), ...hook }));
  const paths = byName(request.paths, config.files, config.exclude);
  const hooks: Hook[] = [];
  for (const { repo, hooks: configured } of config.repos) {
    for (const own of configured) {
      if (repo === 'local' && own.id === ENTRY_ID) {
        hooks.push(...request.quick);
        continue;
      }
      const hook = { ...defaultsOf(repo, own, meta), ...own };
      const stages = hook.stages ?? config.defaultStages;
      if (stages !== undefined && !stages.map(currentStage).includes(currentStage(request.stage))) continue;
      hooks.push(await planHook(repo, hook, { source, failFast: config.failFast, meta, ...request, paths }));
    }
  }
  return hooks;
}

interface HookRequest extends PlanRequest {
  readonly source: string;
  readonly failFast: boolean;
  readonly meta: ReadonlyMap<string, BuiltIn>;
}

async function planHook(repo: string, hook: HookConfig, request: HookRequest): Promise<Hook> {
  const planned = {
    id: hook.id,
    name: hook.name ?? hook.id,
    source: request.source,
    chains: [request.source],
    stops: request.failFast || hook.fail_fast === true ? [request.source] : [],
    stagesChanges: true,
    failsOnChange: true,
    verbose: hook.verbose === true || repo === 'meta',
    paths: [] as readonly string[],
  };
  const skip = (reason: NonNullable<Hook['skipped']>['reason'], message: string, hint?: string): Hook => ({
    ...planned,
    skipped: { reason, message, ...(hint === undefined ? {} : { hint }) },
  });
  if (request.skip.has(hook.id) || request.skip.has(hook.alias ?? hook.id))
    return skip('skipped', 'asked to skip it');
  try {
    const paths = chooseFiles(request.paths, hook, request.snapshot);
    if (paths.length === 0 && hook.always_run !== true) return skip('no_files', 'no files to check');
    const work = await workOf(repo, hook, paths, request);
    return 'kind' in work ? { ...planned, paths, work } : skip(work.reason, work.message, work.hint);
  } catch (error) {
    // Patterns and arguments are what people write; a fault in them is told and is no fault of ours.
    if (error instanceof SyntaxError)
      return skip('invalid_config', `a pattern is not understood: ${error.message}`);
    if (!(error instanceof UsageError)) throw error;
    const message = error.message;
    return { ...planned, work: { kind: 'repository', check: async () => message } };
  }
}

type NoWork = NonNullable<Hook['skipped']>;

async function workOf(
  repo: string,
  hook: HookConfig,
  paths: readonly string[],
  request: HookRequest,
): Promise<HookWork | NoWork> {
  const args = hook.args ?? [];
  const builtIn = builtInOf(repo, hook.id, request.meta);
  if (builtIn !== undefined) return builtInWork(builtIn, args, request);
  const entry = hook.entry ?? '';
  if (hook.language === 'pygrep') return pygrep(entry, args);
  if (hook.language === 'fail') return failing(entry);
  if (repo === 'local' && PLAIN_LANGUAGES.has(hook.language ?? '')) return programWork(hook, paths, request);
  return installedProgram(repo, hook, paths, request);
}

async function builtInWork(
  builtIn: BuiltIn,
  args: readonly string[],
  { context, snapshot }: HookRequest,
): Promise<HookWork | NoWork> {
  if (builtIn.needs !== undefined && (await context.find(builtIn.needs)) === undefined) {
    return missing(builtIn.needs);
  }
  return builtIn.create(args, { inMerge: snapshot.repository.inMerge });
}

function failing(entry: string): Check {
  return repositoryCheck(async (paths) => `${entry}\n\n${paths.join('\n')}`);
}

/** A hook whose program pre-commit would install by itself: it runs when the program is there anyway. */
async function installedProgram(
  repo: string,
  hook: HookConfig,
  paths: readonly string[],
  request: HookRequest,
): Promise<HookWork | NoWork> {
  const [program] = splitWords(hook.entry ?? '');
  if (program === undefined) {
    return {
      reason: 'needs_network',
      message: `${repo} offers ${hook.id}, which only an environment of pre-commit itself can run`,
      hint: 'run it through pre-commit, or write it as a local hook with language: system',
    };
  }
  if ((await request.context.find(program)) === undefined) return missing(program);
  return programWork(hook, paths, request);
}

function missing(program: string): NoWork {
  return { reason: 'tool_missing', message: `${program} is not installed`, hint: `install ${program}` };
}

function programWork(hook: HookConfig, paths: readonly string[], { context }: HookRequest): HookWork {
  const [program = '', ...words] = splitWords(hook.entry ?? '');
  // A script is named relative to the repository.
  const isScript = hook.language === 'script' || hook.language === 'unsupported_script';
  const first = isScript && !program.includes('/') ? `./${program}` : program;
  return {
    kind: 'program',
    run: (scratch) =>
      runProgram(context, scratch, {
        command: [first, ...words, ...(hook.args ?? [])],
        paths: hook.pass_filenames === false ? undefined : paths,
        serial: hook.require_serial === true,
        // Some hooks behave otherwise when pre-commit calls them.
        env: { PRE_COMMIT: '1' },
      }),
  };
}

function builtInOf(repo: string, id: string, meta: ReadonlyMap<string, BuiltIn>): BuiltIn | undefined {
  if (repo === 'meta') return meta.get(id);
  return repo === 'builtin' || STANDARD_HOOKS.test(repo) ? BUILT_INS.get(id) : undefined;
}

/** What the repository of a hook says about it, and the configuration may override. */
function defaultsOf(repo: string, hook: HookConfig, meta: ReadonlyMap<string, BuiltIn>): Partial<HookConfig> {
  const builtIn = builtInOf(repo, hook.id, meta);
  if (builtIn === undefined) return repo === 'local' ? {} : (KNOWN_PROGRAMS[hook.id] ?? {});
  const { name, types, files, alwaysRun, stages } = builtIn;
  return {
    name,
    ...(types === undefined ? {} : { types }),
    ...(files === undefined ? {} : { files }),
    ...(alwaysRun === undefined ? {} : { always_run: alwaysRun, pass_filenames: false }),
    ...(stages === undefined ? {} : { stages }),
  };
}

function currentStage(stage: string): string {
  return FORMER_STAGES[stage] ?? stage;
}
