import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { isCadreError } from '@cadre/core';
import {
  type ConfigChange,
  faultLine,
  type LoadedConfig,
  loadConfig,
  type publishedSchema,
  setConfig,
} from '@cadre/kit/config';
import { dataDir, logDir } from '@cadre/kit/data';
import { parseDuration } from '@cadre/kit/format';
import { createLog, type Log } from '@cadre/kit/log';
import type { Effect, JsonObject, JsonValue, Outcome } from '@cadre/sdk';
import { parse as parseYaml } from 'yaml';
import { systemClock } from './clock.ts';
import { type Config, ConfigSchema } from './config.ts';
import { classLimits } from './dispatch/class-limits.ts';
import { createPlaces } from './dispatch/create-places.ts';
import { classOf } from './engine/attempt.ts';
import { type Engine, openEngine } from './engine/engine.ts';
import { liveness, thisProcess } from './engine/holder.ts';
import { createLeaseKeeper } from './engine/lease-keeper.ts';
import { createPerformers, type Performers } from './engine/performers.ts';
import { createGate } from './gate/create-gate.ts';
import { fingerprint } from './gate/fingerprint.ts';
import { type AuditResult, verifyAudit } from './gate/verify-audit.ts';
import { DIST, PACKAGE } from './installation.ts';
import { type Moved, moveStore } from './move.ts';
import { openStore, type StoreFacts } from './open-store.ts';
import type { ActionRunner } from './ports/action-runner.ts';
import type { Approver } from './ports/approver.ts';
import type { AuditStore } from './ports/audit-store.ts';
import type { Clock } from './ports/clock.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { Lease, LeaseStore } from './ports/lease-store.ts';
import type { ResultCache } from './ports/result-cache.ts';
import type { Sandbox } from './ports/sandbox.ts';
import type { Store } from './ports/store.ts';
import { evaluateWorkflow } from './resources/evaluate-workflow.ts';
import { loadRunnable } from './resources/load-workflow.ts';
import type { WorkflowFolders } from './resources/workflow-files.ts';
import { openSandbox } from './sandboxes/open-sandbox.ts';
import { runConfined } from './sandboxes/run-confined.ts';
import { headCommit } from './snapshots/head-commit.ts';
import { openSnapshots } from './snapshots/open-snapshots.ts';
import { type StagedBackup, stageBackup } from './snapshots/restore-backup.ts';
import { openUndo, type Undo } from './undo/open-undo.ts';
import { openRunner } from './workers/open-runner.ts';

const APP = 'cadre';
const EVALUATION_LIMIT_MS = 10_000;

export interface AppOptions {
  /** The workspace: the repository, and its folder that the command line named. */
  readonly place: { readonly root: string; readonly path: string; readonly name: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly approver: Approver;
  /** Says what people should know once: a weak sandbox, an unknown setting. */
  readonly warn: (text: string) => void;
  /** How much this process performs at once; default: what the classes say. */
  readonly performing?: { readonly concurrency?: number; readonly weight?: number };
}

/** Cadre for one workspace, put together: the doers' verbs, and the ports that edges may read. */
export interface App {
  readonly place: AppOptions['place'];
  /** Which store it is, as people may see it. */
  readonly store: StoreFacts;
  readonly performers: Performers;
  /** What kind of work an action is. */
  readonly classOf: (uses: string) => string;
  readonly config: Config;
  readonly settings: LoadedConfig<Config>;
  readonly dataDir: string;
  readonly principal: string;
  readonly engine: Engine;
  readonly undo: Undo;
  /** The backup that a run made, unpacked and proved; it changes nothing until it is placed. */
  stageBackup(wanted: { run: string; to: string; paths: readonly string[] }): Promise<Outcome<StagedBackup>>;
  readonly workers: Pick<ActionRunner, 'list' | 'resolve'>;
  readonly sandbox: Pick<Sandbox, 'probe'>;
  readonly grants: GrantStore;
  readonly leases: Pick<LeaseStore, 'list' | 'break'>;
  readonly audit: AuditStore;
  readonly results: Pick<ResultCache, 'list' | 'clear'>;
  readonly clock: Clock;
  /** The log file of this workspace's runs. */
  readonly log: Log;
  readonly folders: WorkflowFolders;
  /** One action by itself, through the gate, in the name of the person at the command line. */
  call(uses: string, input: JsonObject): Promise<Outcome<JsonValue>>;
  /** Holds a name against every other process of this workspace until it is released. */
  holdLease(
    name: string,
  ): Promise<{ ok: true; release(): Promise<void> } | { readonly ok: false; readonly holder: Lease }>;
  /** The holder of a lease is proved gone. */
  isDead(lease: Lease): boolean;
  verifyAudit(): Promise<AuditResult>;
  evaluateWorkflow(file: string): Promise<string>;
  setConfig(key: string, text: string): Promise<ConfigChange>;
  /** Keeps what a plan rests on, and says later whether it is still so. */
  rememberPlan(run: string): Promise<void>;
  planStillHolds(run: string): Promise<boolean>;
  /** Copies the store to `sqlite` or a PostgreSQL database. Throws `lease_held` while any other process is at work. */
  moveStore(to: string, planOnly: boolean, told: (table: string, rows: number) => void): Promise<Moved>;
  /** Hands out nothing more and waits so long for what is under way; `close` does so too, for a few seconds. */
  drain(drainMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The composition root: the only place that knows every adapter. */
export async function openApp({ place, env, approver, warn, performing }: AppOptions): Promise<App> {
  const settings = await loadConfig({
    app: APP,
    schema: ConfigSchema,
    published: keptSchema(),
    workspace: place.root,
    env,
    strict: true,
  });
  const config = settings.value;
  for (const warning of settings.warnings) warn(faultLine(warning));
  const id = workspaceId(place.root);
  const folder = join(dataDir(APP, { env }), 'workspaces', id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const clock = systemClock();
  const log = openLog(config, env, place.root, warn);
  const secrets = environmentSecrets(env);
  const opened = await openStore({ config, folder, name: place.name, secrets, log });
  const { store } = opened;
  // The password of the store is for this process alone.
  const environment = withoutStore(env);
  const sandbox = openSandbox({ workspace: place.root, environment });
  const runner = openRunner({ builtInFolder: join(DIST, 'workers'), workspace: place.root, sandbox });
  const principal = `user:${userInfo().username}`;
  const snapshots = openSnapshots({
    workspace: place.root,
    dataDir: folder,
    without: [dataDir(APP, { env })],
    keep: config.undo.keep,
    clock,
  });
  const gate = createGate({
    snapshots,
    runner,
    approver,
    clock,
    sandboxReport: () => sandbox.probe(),
    audit: store.audit,
    grants: store.grants,
    policy: config.policy,
    workspace: place.root,
    dataDir: folder,
    // The data of other workspaces too, when a workspace lies around them.
    hidden: [dataDir(APP, { env })],
    config: (worker) => config.workers[worker] ?? {},
    secrets,
    environment,
    ...(config.cache.enabled ? { cache: cacheOf(config, store) } : {}),
  });
  const holder = thisProcess(clock.newId('process'));
  const limits = classLimits(config.classes);
  const places = createPlaces((className) => placesOf(limits(className).atOnce, performing));
  const folders = { workspace: place.root, builtIn: join(DIST, 'workflows') };
  const evaluateWorkflowFile = (file: string) =>
    evaluateWorkflow(file, (path) =>
      runConfined(
        sandbox,
        [process.execPath, '--no-warnings', join(DIST, 'workflow-process.js'), path],
        {
          confinement: { readable: [place.root], writable: [], hidden: [], programs: [], hosts: [] },
          cwd: place.root,
          env: {},
          installed: [process.execPath, PACKAGE, path],
        },
        EVALUATION_LIMIT_MS,
      ),
    );
  const engine = openEngine({
    store,
    gate,
    clock,
    workspace: { id, root: place.root },
    commit: () => headCommit(place.root).commit,
    holder,
    places,
    ...(opened.sharing === undefined ? {} : { sharing: opened.sharing }),
    findWorkflow: (name) =>
      loadRunnable(name, { folders, workers: runner, evaluateWorkflow: evaluateWorkflowFile }),
  });
  const keeper = createLeaseKeeper({
    leases: store.leases,
    clock,
    holder,
    liveness: (lease) => liveness(lease, holder),
    lost: (lease) => log.warn('a lease was lost', { lease: lease.name }),
  });

  const performers = createPerformers({
    leases: store.leases,
    keeper,
    clock,
    holder,
    liveness: (lease) => liveness(lease, holder),
    work: (classes) => engine.work(classes),
    known: opened.classes,
  });

  const isDead = (lease: Lease) => liveness(lease, holder) === 'gone';
  const holdLease: App['holdLease'] = async (name) => {
    const taken = await keeper.take(name);
    return taken.ok ? { ok: true, release: () => keeper.give(taken.lease) } : taken;
  };
  const call: App['call'] = async (uses, input) => {
    const performed = await gate.perform(
      {
        uses,
        input,
        mode: 'apply',
        principal,
        run: clock.newId('call'),
        step: uses,
        attempt: 1,
        idempotencyKey: clock.newId('key'),
        permissionSets: [],
        env: {},
        loose: true,
      },
      new AbortController().signal,
      { log: (line) => log[line.level](line.message, line.fields), progress: () => undefined },
    );
    return performed.outcome;
  };
  return {
    place,
    store: opened.facts,
    performers,
    classOf: (uses) => classOf(gate, uses),
    config,
    settings,
    dataDir: folder,
    principal,
    engine,
    undo: openUndo({
      engine,
      runs: store.runs,
      snapshots,
      leases: store.leases,
      audit: store.audit,
      clock,
      isDead,
      holdLease,
    }),
    workers: runner,
    sandbox,
    grants: store.grants,
    leases: store.leases,
    audit: store.audit,
    results: store.results,
    clock,
    log,
    folders,
    call,
    stageBackup: (wanted) => stageBackup({ call, dataDir: folder }, wanted),
    holdLease,
    isDead,
    verifyAudit: () => verifyAudit(store.audit, join(folder, 'audit-head')),
    evaluateWorkflow: evaluateWorkflowFile,
    setConfig: (key, text) => setSetting(settings.files.at(-1) ?? join(place.root, 'cadre.yaml'), key, text),
    async rememberPlan(run) {
      await store.runs.putDocument(
        run,
        'fingerprint',
        await fingerprint(place.root, await effectsOf(engine, run)),
      );
    },
    async planStillHolds(run) {
      const now = await fingerprint(place.root, await effectsOf(engine, run));
      return (await store.runs.findDocument(run, 'fingerprint')) === now;
    },
    moveStore: async (to, planOnly, told) =>
      moveStore({
        config,
        folder,
        name: place.name,
        secrets,
        log,
        to,
        planOnly,
        leases: await store.leases.list(),
        holder,
        clock,
        told,
      }),
    async drain(drainMs) {
      await performers.end();
      await engine.close(drainMs);
    },
    async close() {
      // The engine first: it still appends while it lets go of its runs.
      await performers.end();
      await engine.close();
      keeper.close();
      await runner.close();
      await snapshots.close();
      await store.close();
      await log.close();
    },
  };
}

function cacheOf({ cache: { ttl, maxBytes } }: Config, { results, files }: Store) {
  return { results, files, limits: { ttlMs: parseDuration(ttl), maxBytes } };
}

/** As the build has written it; whoever runs from other sources without it finds it out. */
function keptSchema(): ReturnType<typeof publishedSchema> | undefined {
  try {
    return JSON.parse(readFileSync(join(DIST, 'config-schema.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

async function effectsOf(engine: Engine, run: string): Promise<Effect[]> {
  return (await engine.effects(run)).flatMap(({ effects }) => effects as Effect[]);
}

/** A value as YAML (`70`, `[a, b]`); where that does not fit the setting, as the text it is. */
async function setSetting(file: string, key: string, text: string): Promise<ConfigChange> {
  try {
    return await setConfig(file, key, parseYaml(text), { schema: ConfigSchema });
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return setConfig(file, key, text, { schema: ConfigSchema });
  }
}

function withoutStore({ CADRE_STORE__URL: _, ...rest }: AppOptions['env']): AppOptions['env'] {
  return rest;
}

function placesOf(
  usual: number,
  { concurrency, weight = 1 }: NonNullable<AppOptions['performing']> = {},
): number {
  return Math.max(1, Math.round((concurrency ?? usual) * weight));
}

/** A folder's name for people, and a hash because two repositories may be called alike. */
function workspaceId(root: string): string {
  const name = basename(root)
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 40);
  return `${name}-${createHash('sha256').update(root).digest('hex').slice(0, 10)}`;
}

function openLog(
  config: Config,
  env: AppOptions['env'],
  workspace: string,
  warn: (text: string) => void,
): Log {
  const { dir, file, level, format, maxBytes, keep } = config.log;
  const path = join(dir ?? logDir(APP, { env }), file);
  return createLog({
    file: path,
    onFileFailure: (error) =>
      warn(`nothing is written to ${path}: ${error instanceof Error ? error.message : error}`),
    level,
    format,
    maxBytes,
    keep,
    // The command line has its own way of telling.
    console: { stream: { write: () => undefined } },
    fields: { workspace },
  });
}

/** Secrets come from variables `CADRE_SECRET_NAME` until there is a store of their own. */
function environmentSecrets(env: AppOptions['env']) {
  return { find: async (name: string) => env[`CADRE_SECRET_${name}`] };
}
