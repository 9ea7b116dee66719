import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ENTRY_ID } from '../config-entry.ts';
import type { Hook, ProgramEnd } from '../hook.ts';
import type { PlanRequest } from '../plan-request.ts';
import { quoteWord } from '../split-words.ts';
import { commandLines, templatesIn } from './command-lines.ts';
import { reasonToSkip } from './condition.ts';
import type { LefthookConfig, LefthookHook, LefthookJob } from './config.ts';
import { filterFiles } from './filter-files.ts';

interface Place extends PlanRequest {
  readonly source: string;
  readonly config: LefthookConfig;
  readonly hook: LefthookHook;
  readonly chains: readonly string[];
  readonly piped: readonly string[];
  readonly group: string | undefined;
}

/** The jobs of a stage, in the order in which lefthook would start them. */
export async function planLefthook(
  config: LefthookConfig,
  source: string,
  request: PlanRequest,
): Promise<readonly Hook[]> {
  const hook = config.hooks.get(request.stage);
  const remotes = config.remotes.map((remote) => remoteHook(remote, source));
  if (hook === undefined) return remotes;
  const place: Place = {
    ...request,
    source,
    config,
    hook,
    chains: [source],
    piped: hook.piped ? [source] : [],
    group: hook.parallel ? source : undefined,
  };
  const reason = await reasonToSkip(hook, request);
  const jobs =
    reason === undefined
      ? await planJobs(hook.jobs, place)
      : hook.jobs.map((job) => skipped(job, place, reason));
  return [...remotes, ...jobs];
}

async function planJobs(jobs: readonly LefthookJob[], place: Place): Promise<readonly Hook[]> {
  const planned: Hook[] = [];
  for (const [number, job] of jobs.entries()) planned.push(...(await planJob(job, number, place)));
  return planned;
}

async function planJob(job: LefthookJob, number: number, place: Place): Promise<readonly Hook[]> {
  if (job.name === ENTRY_ID) return place.quick;
  const excluded = job.tags.find((tag) => place.hook.excludeTags.includes(tag) || place.skip.has(tag));
  if (excluded !== undefined) return [skipped(job, place, `by its tag ${excluded}`)];
  if (place.hook.excludeTags.includes(job.name) || place.skip.has(job.name)) {
    return [skipped(job, place, 'asked to skip it')];
  }
  const reason = await reasonToSkip(job, place);
  if (reason !== undefined) return [skipped(job, place, reason)];
  if (job.group !== undefined) return planJobs(job.group.jobs, groupPlace(job.group, number, place));
  return [await planCommand(job, place)];
}

/** The jobs of a group are a chain of their own; what they are part of can stop them as well. */
function groupPlace(group: NonNullable<LefthookJob['group']>, number: number, place: Place): Place {
  const chain = `${place.chains.at(-1)} ${number}`;
  return {
    ...place,
    chains: [...place.chains, chain],
    piped: group.piped ? [...place.piped, chain] : place.piped,
    group: place.group ?? (group.parallel ? chain : undefined),
  };
}

async function planCommand(job: LefthookJob, place: Place): Promise<Hook> {
  const { config, hook, context, snapshot, stage } = place;
  const run = job.run ?? (await scriptCommand(job, place));
  if (run === undefined) {
    return cannotRun(job, place, `the script ${job.script} is not in ${config.sourceDir}/${stage}`);
  }
  const templates = templatesIn(run);
  const filter = (paths: readonly string[]) =>
    filterFiles(paths, job, hook.exclude, config.globMatcher, snapshot);
  const command = job.files ?? hook.files;
  const lists = {
    staged: filter(place.paths),
    all: templates.has('all_files') ? filter([...snapshot.entries.keys()]) : [],
    named: command === undefined ? [] : filter(await listedBy(command, place)),
  };
  const used = command !== undefined ? lists.named : templates.has('all_files') ? lists.all : lists.staged;
  if (used.length === 0) return skipped(job, place, 'no matching files', 'no_files');
  return {
    ...common(job, place),
    paths: used,
    work: {
      kind: 'program',
      run: async (scratch) => {
        const lines = commandLines(run, job, lists);
        const end = await runLines(
          lines,
          join(scratch.root, job.root),
          { ...scratch.env, ...job.env },
          context,
        );
        return end.code === 0 || job.failText === ''
          ? end
          : { ...end, output: `${end.output}${job.failText}\n` };
      },
    },
  };
}

async function runLines(
  lines: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  context: PlanRequest['context'],
): Promise<ProgramEnd> {
  let output = '';
  for (const line of lines) {
    const { code, stdout, stderr } = await context.exec('sh', ['-c', line], { cwd, env });
    output += stdout + stderr;
    if (code !== 0) return { code, output };
  }
  return { code: 0, output };
}

/** A script lies in the folder of its hook; with a runner it need not be executable. */
async function scriptCommand(
  { script = '', runner }: LefthookJob,
  place: Place,
): Promise<string | undefined> {
  const { root } = place.snapshot.repository;
  const folders = [place.config.sourceDir, '.lefthook-local'];
  const folder = folders.find((candidate) => existsSync(join(root, candidate, place.stage, script)));
  if (script === '' || folder === undefined) return undefined;
  const path = quoteWord(`./${join(folder, place.stage, script)}`);
  return runner === undefined ? path : `${runner} ${path}`;
}

/** The files that a command prints, one a line. */
async function listedBy(command: string, { context, snapshot }: Place): Promise<readonly string[]> {
  const { stdout } = await context.exec('sh', ['-c', command], { cwd: snapshot.repository.root });
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function common(job: LefthookJob, place: Place): Omit<Hook, 'paths'> {
  return {
    id: job.name,
    name: job.name,
    source: place.source,
    chains: place.chains,
    stops: place.piped,
    stagesChanges: job.stageFixed,
    failsOnChange: false,
    verbose: false,
    ...(place.group === undefined ? {} : { group: place.group }),
  };
}

function skipped(
  job: LefthookJob,
  place: Place,
  message: string,
  reason: 'skipped' | 'no_files' = 'skipped',
): Hook {
  return { ...common(job, place), paths: [], skipped: { reason, message } };
}

function cannotRun(job: LefthookJob, place: Place, message: string): Hook {
  return { ...common(job, place), paths: [], skipped: { reason: 'invalid_config', message } };
}

function remoteHook(remote: string, source: string): Hook {
  return {
    id: remote,
    name: remote,
    source,
    chains: [source],
    stops: [],
    paths: [],
    stagesChanges: false,
    failsOnChange: false,
    verbose: false,
    skipped: {
      reason: 'needs_network',
      message: 'the hooks of a remote configuration are not fetched',
      hint: 'copy the jobs into this repository, or run them through lefthook',
    },
  };
}
