import { join } from 'node:path';
import type { Workflow } from '@cadre/core';
import type { ConfigChange } from '@cadre/kit/config';
import { dataDir } from '@cadre/kit/data';
import { parseDuration } from '@cadre/kit/format';
import type { Log } from '@cadre/kit/log';
import type { Effect, JsonObject, Outcome } from '@cadre/sdk';
import { APP, type AppOptions } from './app-options.ts';
import { type CallAlone, createCallAlone } from './call-alone.ts';
import type { Config } from './config.ts';
import { classLimits, knownClasses } from './dispatch/class-limits.ts';
import { createPlaces } from './dispatch/create-places.ts';
import { classOf } from './engine/action-facts.ts';
import type { Engine } from './engine/engine.ts';
import { liveness } from './engine/holder.ts';
import { createLeaseKeeper } from './engine/lease-keeper.ts';
import { createPerformers, type Performers } from './engine/performers.ts';
import { environmentSecrets } from './environment-secrets.ts';
import type { AuditEvidence } from './gate/audit-evidence.ts';
import { chooseTier } from './gate/choose-tier.ts';
import { createGate } from './gate/create-gate.ts';
import type { CallExplanation, ExplainRequest } from './gate/explain-call.ts';
import { fingerprint } from './gate/fingerprint.ts';
import type { GateSettings } from './gate/gate-settings.ts';
import { originOf } from './gate/subject.ts';
import { tiersHere } from './gate/tiers-here.ts';
import { hideTexts } from './hidden-texts.ts';
import { type Inbox, openInbox } from './inbox/open-inbox.ts';
import { DIST, PACKAGE } from './installation.ts';
import { openLogins } from './logins/open-logins.ts';
import { type McpLogins, openMcpLogins } from './mcp-logins.ts';
import { acceptOffered, askForTools, findServer, type McpOffered } from './mcp-offered.ts';
import type { Moved } from './move.ts';
import { type FigureDoers, openFigures } from './open-figures.ts';
import { openLog } from './open-log.ts';
import type { Reloads } from './open-reloads.ts';
import { openRemote } from './open-remote.ts';
import type { SkillReloads } from './open-skill-reloads.ts';
import type { OpenedStore } from './open-store.ts';
import { trustEntry } from './open-trust.ts';
import { firingRetention, openUpkeep, type UpkeepDoers } from './open-upkeep.ts';
import { poolOf, warmWorkers } from './pool-settings.ts';
import type { ActionRunner, InstalledWorker } from './ports/action-runner.ts';
import type { Authoring } from './ports/authoring.ts';
import type { Clock } from './ports/clock.ts';
import type { Places } from './ports/dispatch.ts';
import type { Gate } from './ports/gate.ts';
import type { Lease, LeaseHolder } from './ports/lease-store.ts';
import type { Packages } from './ports/packages.ts';
import type { QuarantineStore } from './ports/pool-store.ts';
import type { Reload, SkillReload } from './ports/reloads.ts';
import type { ResultCache } from './ports/result-cache.ts';
import type { Sandbox } from './ports/sandbox.ts';
import type { Skills } from './ports/skills.ts';
import type { Store } from './ports/store.ts';
import { evaluateWorkflow } from './resources/evaluate-workflow.ts';
import { loadRunnable, type WorkflowSource } from './resources/load-workflow.ts';
import { openTriggerSource, type TriggerSource } from './resources/trigger-source.ts';
import type { WorkflowFolders } from './resources/workflow-files.ts';
import { openContainerSandbox } from './sandboxes/container/open-container-sandbox.ts';
import { openSandbox } from './sandboxes/open-sandbox.ts';
import { openSandboxes } from './sandboxes/open-sandboxes.ts';
import { runConfined } from './sandboxes/run-confined.ts';
import { setSetting } from './set-setting.ts';
import { loadSettings, type Settings } from './settings.ts';
import { openSnapshots } from './snapshots/open-snapshots.ts';
import { type StagedBackup, stageBackup } from './snapshots/restore-backup.ts';
import { clearOf } from './store-address.ts';
import { openUndo, type Undo } from './undo/open-undo.ts';
import { keepWarm } from './upkeep/keep-warm.ts';
import { useLimits } from './use-limits.ts';
import { keepTrust } from './wanted-trust.ts';
import { watchWithChokidar } from './watching/watch-with-chokidar.ts';
import { type DeclaredServer, type McpServers, openMcpServers } from './workers/mcp-servers.ts';
import { openRunner } from './workers/open-runner.ts';
import type { Registry } from './workers/registry.ts';
import { openSkills } from './workers/skills/open-skills.ts';
import { PACKAGES_FOLDER, SKILLS_FOLDER } from './workspace-folder.ts';

const EVALUATION_LIMIT_MS = 10_000;

/** What it takes to do work in a workspace: settings, workers, the gate. */
export interface Doers extends UpkeepDoers, FigureDoers {
  readonly config: Config;
  readonly settings: Settings;
  readonly gate: Gate;
  /** Where attempts are performed in this process. */
  readonly places: Places;
  readonly performers: Performers;
  /** What kind of work an action is. */
  readonly classOf: (uses: string) => string;
  /** How much of a class this process performs at once. */
  readonly placesOf: (className: string) => number;
  readonly workers: Pick<ActionRunner, 'list' | 'resolve'> & Pick<Registry, 'problems'>;
  /** Skills that are here: text for bots. */
  readonly skills: Skills;
  /** Where the code of a worker comes from. */
  originOf(worker: InstalledWorker): 'built in' | 'installed' | 'workspace';
  /** What a call may do, and by what. */
  explain(request: ExplainRequest): Promise<CallExplanation>;
  readonly sandbox: Pick<Sandbox, 'probe'>;
  /** Which tiers there are here, and which workers are run in them, in words. */
  tiersHere(): Promise<readonly string[]>;
  /** The log file of this workspace's runs. */
  readonly log: Log;
  readonly folders: WorkflowFolders;
  readonly call: CallAlone;
  /** MCP servers that are declared in the workspace. */
  readonly mcpServers: McpServers;
  /** One of them that can be used. Throws `not_found`, `invalid_manifest` and `exists`. */
  findServer(name: string): DeclaredServer;
  /** What one of them offers now, asked through the gate. Throws `not_found` and `invalid_manifest`. */
  askForTools(server: string): Promise<Outcome<McpOffered>>;
  /** Notes in the repository that this was accepted; answers the file. */
  acceptTools(server: string, offered: McpOffered): Promise<string>;
  /** Signing in at them. */
  readonly mcpLogins: McpLogins;
  readonly undo: Undo;
  readonly inbox: Inbox;
  /** Who reads events over HTTP has to show it; undefined: whoever is on this machine may. */
  httpToken(): Promise<string | undefined>;
  /** The files in which triggers are declared. */
  readonly triggers: Pick<TriggerSource, 'load'>;
  /** The backup that a run made, unpacked and proved; it changes nothing until it is placed. */
  stageBackup(wanted: { run: string; to: string; paths: readonly string[] }): Promise<Outcome<StagedBackup>>;
  readonly results: Pick<ResultCache, 'list' | 'clear'>;
  /** What the author of a worker does. */
  authoring(): Promise<Authoring>;
  /** Packages of workers and skills; by what right the one who asks changes them: undefined, by none. */
  packages(asking: { readonly right: string | undefined; readonly cadre: string }): Promise<Packages>;
  /** From now on workers and skills that change are taken over while this process runs; the answer ends that. */
  reloadWorkers(told: (reload: Reload | SkillReload) => void): Promise<() => Promise<void>>;
  /** Keeps processes of workers ready, as the settings of `pools` say, until the answer is called. */
  keepWarm(): () => void;
  readonly quarantines: Pick<QuarantineStore, 'list' | 'clear'>;
  /** Copies the store to `sqlite` or a PostgreSQL database. Throws `lease_held` while any other process is at work. */
  moveStore(to: string, planOnly: boolean, told: (table: string, rows: number) => void): Promise<Moved>;
  /** Holds a name against every other process of this workspace until it is released. */
  holdLease(
    name: string,
  ): Promise<{ ok: true; release(): Promise<void> } | { readonly ok: false; readonly holder: Lease }>;
  evaluateWorkflow(file: string): Promise<string>;
  /** Throws `workflow_not_found` and `invalid_workflow`. */
  findWorkflow(name: string): Promise<Workflow>;
  setConfig(key: string, text: string): Promise<ConfigChange>;
  /** Keeps what a plan rests on, and says later whether it is still so. */
  rememberPlan(run: string): Promise<void>;
  planStillHolds(run: string): Promise<boolean>;
  /** Takes on nothing more. */
  end(): Promise<void>;
  close(): Promise<void>;
}

export interface DoersOptions extends AppOptions {
  /** Those that were read already. */
  readonly settings: Settings | undefined;
  /** Cadre's own folder for this workspace. */
  readonly folder: string;
  readonly opened: OpenedStore;
  readonly clock: Clock;
  readonly principal: string;
  readonly self: () => LeaseHolder;
  readonly engine: () => Engine;
  /** What is kept beside the audit record. */
  readonly evidence: () => AuditEvidence;
}

/** The second half of the composition root. Throws what is wrong with the settings. */
export async function openDoers(options: DoersOptions): Promise<Doers> {
  const { place, approver, folder, opened, clock, principal, self, engine } = options;
  const { store } = opened;
  const settings = options.settings ?? (await loadSettings(options));
  const config = settings.value;
  if (options.settings === undefined && settings.decided !== undefined) {
    const said = { root: place.root, decision: settings.decided, by: principal, at: clock.now() };
    await store.audit.append(trustEntry(said, 'a person answered at the terminal'));
  }
  const log = openLog(config, options);
  const environment = withoutOwn(options.env);
  const { container, seatbelt } = config.sandbox;
  const confined = { workspace: place.root, environment, limits: useLimits(config) };
  const remote = openRemote(config, { workspace: place.root, folder, environment: options.env });
  const sandbox = openSandboxes({
    os: openSandbox({ ...confined, seatbelt }),
    container: openContainerSandbox({ ...confined, container }),
    ...(remote === undefined ? {} : { remote }),
  });
  const servers = openMcpServers(place.root, join(DIST, 'mcp-bridge'));
  const configOf = (worker: string): JsonObject =>
    servers.find(worker)?.settings ?? config.workers[worker] ?? {};
  const runner = openRunner({
    builtInFolder: join(DIST, 'workers'),
    workspace: place.root,
    servers,
    packages: join(folder, PACKAGES_FOLDER),
    sandbox,
    clock,
    quarantines: store.pools.quarantines,
    told: (worker, { code, message }) =>
      log.warn('a worker did not end as it should', { worker, code, message }),
    // What a server remembers of its client is in its process: there is one, unless more are wanted.
    poolOf: (worker) => ({ ...(servers.find(worker) && { max: 1 }), ...poolOf(config, worker) }),
  });
  const skillFolders = {
    workspace: place.root,
    packages: join(folder, SKILLS_FOLDER),
    personal: join(dataDir(APP, options), SKILLS_FOLDER),
  };
  const skills = openSkills(skillFolders, runner);
  const logins = openLogins({
    folder: join(dataDir(APP, options), 'mcp-logins'),
    root: place.root,
    clock,
    serverOf(name) {
      const { reach } = servers.find(name)?.server ?? {};
      return reach?.kind === 'http' && reach.auth !== undefined
        ? { name, url: reach.url, auth: reach.auth }
        : undefined;
    },
  });
  const snapshots = openSnapshots({
    workspace: place.root,
    dataDir: folder,
    without: [dataDir(APP, options)],
    keep: config.undo.keep,
    clock,
  });
  const gateSettings: GateSettings = {
    snapshots,
    runner,
    approver,
    clock,
    sandboxReport: (tier) => sandbox.probe(tier),
    audit: store.audit,
    grants: store.grants,
    policy: config.policy,
    workspace: place.root,
    dataDir: folder,
    // The data of other workspaces too, when a workspace lies around them.
    hidden: [dataDir(APP, options)],
    config: configOf,
    secrets: environmentSecrets(options.env),
    logins,
    environment,
    hide: hideTexts(config),
    warm: { workers: warmWorkers(config), calls: store.pools.warmCalls },
    ...(config.cache.enabled ? { cache: cacheOf(config, store) } : {}),
  };
  const gate = createGate(gateSettings);
  const tierFor = async (worker: InstalledWorker) => {
    const chosen = await chooseTier(worker, gateSettings);
    return chosen.ok ? chosen.output.tier : undefined;
  };
  const source: WorkflowSource = {
    folders: { workspace: place.root, builtIn: join(DIST, 'workflows') },
    workers: runner,
    evaluateWorkflow: (file) =>
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
      ),
  };
  const holder = self();
  const keeper = createLeaseKeeper({
    leases: store.leases,
    clock,
    holder,
    liveness: (lease) => liveness(lease, holder),
    lost: (lease) => log.warn('a lease was lost', { lease: lease.name }),
  });

  const holdLease: Doers['holdLease'] = async (name) => {
    const taken = await keeper.take(name);
    return taken.ok ? { ok: true, release: () => keeper.give(taken.lease) } : taken;
  };
  const call = createCallAlone({ gate, clock, log, principal });
  const limits = classLimits(config.classes);
  const performers = createPerformers({
    leases: store.leases,
    keeper,
    clock,
    holder,
    liveness: (lease) => liveness(lease, holder),
    work: (classes) => engine().work(classes),
    known: knownClasses(config.classes),
  });

  const findWorkflow = (name: string) => loadRunnable(name, source);
  const triggers = openTriggerSource(place.root, ({ path, problems: [problem] }) =>
    log.warn('a trigger cannot be used', { file: path, reason: problem?.message }),
  );
  const inbox = openInbox({
    firings: store.firings,
    events: store.events,
    engine: engine(),
    clock,
    triggers: () => triggers.usable(),
    findWorkflow,
    secrets: environmentSecrets(options.env),
    watchFiles: watchWithChokidar,
    root: place.root,
    atOnce: config.triggers.atOnce,
    mostPerMinute: config.triggers.webhooksPerMinute,
    retention: firingRetention(config),
    warn: (text, fields) => log.warn(text, fields),
    hold: async (name) => {
      const taken = await holdLease(name);
      return taken.ok ? taken : undefined;
    },
  });

  const most = (className: string) => placesOf(limits(className).atOnce, options.performing);
  const places = createPlaces(most, clock);
  const upkeep = openUpkeep({
    ...options,
    config,
    log,
    keeper,
    isAloneOnFile: opened.facts.kind === 'sqlite',
  });

  let reloads: Reloads | undefined;
  let skillReloads: SkillReloads | undefined;
  const { end: endFigures, ...figures } = openFigures({
    opened,
    clock,
    holder,
    places,
    runner,
    reloads: () => reloads?.failed() ?? [],
    log,
  });

  return {
    ...upkeep,
    ...figures,
    config,
    settings,
    gate,
    places,
    performers,
    classOf: (uses) => classOf(gate, uses),
    placesOf: most,
    workers: runner,
    skills,
    originOf: (worker) => originOf(worker, place.root),
    async explain(request) {
      const { openExplainer } = await import('./gate/explain-call.ts');
      return openExplainer(gateSettings)(request);
    },
    sandbox,
    tiersHere: () => tiersHere(gateSettings),
    log,
    folders: source.folders,
    call,
    mcpServers: servers,
    findServer: (name) => findServer(servers, runner, name),
    askForTools: (server) => askForTools(servers, runner, server, call),
    acceptTools: (server, offered) =>
      acceptOffered(place.root, server, offered, { audit: store.audit, principal, at: clock.now() }),
    mcpLogins: openMcpLogins({
      ...store,
      servers,
      workers: runner,
      desk: logins,
      clock,
      principal,
      errand: async (...about) =>
        (await import('./gate/open-errands.ts')).openErrands(gateSettings)(...about),
    }),
    stageBackup: (wanted) => stageBackup({ call, dataDir: folder }, wanted),
    holdLease,
    undo: openUndo({
      engine: engine(),
      runs: store.runs,
      snapshots,
      leases: store.leases,
      audit: store.audit,
      clock,
      isDead: (lease) => liveness(lease, holder) === 'gone',
      holdLease,
    }),
    inbox,
    httpToken: async () =>
      config.http.token && clearOf(config.http.token, environmentSecrets(options.env), 'http.token'),
    triggers,
    async reloadWorkers(told) {
      const { openReloads } = await import('./open-reloads.ts');
      const about = { root: place.root, folder, sandbox, tierFor, runner, servers, clock, holder, log, told };
      const opened = await openReloads({
        ...about,
        config: configOf,
        watchFiles: watchWithChokidar,
        emit: (topic, data) => inbox.emit(topic, 'system', data),
      });
      reloads = opened;
      const { openSkillReloads } = await import('./open-skill-reloads.ts');
      skillReloads = await openSkillReloads({
        ...about,
        folders: skillFolders,
        skills,
        watchFiles: watchWithChokidar,
        emit: (topic, data) => inbox.emit(topic, 'system', data),
      });
      return async () => {
        await opened.end();
        await skillReloads?.end();
      };
    },
    keepWarm: () =>
      keepWarm(warmWorkers(config), {
        clock,
        warm: gate.warm,
        failed: (error) => log.warn('a worker could not be kept warm', { error: String(error) }),
      }),
    results: store.results,
    async authoring() {
      const { openAuthoring } = await import('./open-authoring.ts');
      const { quarantines } = store.pools;
      return openAuthoring({ sandbox, clock, quarantines, watchFiles: watchWithChokidar, workers: runner });
    },
    async packages(asking) {
      const { openPackages } = await import('./open-packages.ts');
      const { audit, grants, runs } = store;
      const about = { env: options.env, root: place.root, folder, principal, clock, config: configOf };
      const doing = { workers: runner, skills, sandbox, tierFor, audit, grants, runs };
      return openPackages({ ...about, ...asking, ...doing });
    },
    quarantines: store.pools.quarantines,
    evaluateWorkflow: source.evaluateWorkflow,
    findWorkflow,
    setConfig: (key, text) =>
      keepTrust(options, principal, () => setSetting(settings, place.root, key, text)),
    async rememberPlan(run) {
      await store.runs.putDocument(
        run,
        'fingerprint',
        await fingerprint(place.root, await effectsOf(engine(), run)),
      );
    },
    async planStillHolds(run) {
      const now = await fingerprint(place.root, await effectsOf(engine(), run));
      return (await store.runs.findDocument(run, 'fingerprint')) === now;
    },
    async moveStore(to, planOnly, told) {
      const { moveStore } = await import('./move.ts');
      return moveStore({
        config,
        folder,
        name: place.name,
        secrets: environmentSecrets(options.env),
        to,
        planOnly,
        leases: await store.leases.list(),
        holder,
        clock,
        told,
      });
    },
    async end() {
      await inbox.end();
      await performers.end();
      await endFigures();
    },
    async close() {
      keeper.close();
      await runner.close();
      await sandbox.close?.();
      await reloads?.remove();
      await skillReloads?.remove();
      await snapshots.close();
      await log.close();
    },
  };
}

async function effectsOf(engine: Engine, run: string): Promise<Effect[]> {
  return (await engine.effects(run)).flatMap(({ effects }) => effects as Effect[]);
}

function cacheOf({ cache: { ttl, maxBytes } }: Config, { results, files }: Store) {
  return { results, files, limits: { ttlMs: parseDuration(ttl), maxBytes } };
}

const OWN = new Set(['CADRE_STORE__URL', 'CADRE_BUS__URL', 'CADRE_REDIS_URL', 'CADRE_HTTP__TOKEN']);

/** Passwords of the store and the bus, and the token of the server, are for this process alone. */
function withoutOwn(env: AppOptions['env']): AppOptions['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OWN.has(name)));
}

function placesOf(
  usual: number,
  { concurrency, weight = 1 }: NonNullable<AppOptions['performing']> = {},
): number {
  return Math.max(1, Math.round((concurrency ?? usual) * weight));
}
