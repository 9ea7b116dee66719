import { join } from 'node:path';
import { CadreError } from '@cadre/core';
import { dataDir } from '@cadre/kit/data';
import type { Effect } from '@cadre/sdk';
import { APP, type AppOptions } from './app-options.ts';

import { createCallAlone } from './call-alone.ts';
import type { Config } from './config.ts';
import { classLimits, knownClasses } from './dispatch/class-limits.ts';
import { createPlaces } from './dispatch/create-places.ts';
import type { Doers, DoersOptions } from './doers.ts';
import { classOf } from './engine/action-facts.ts';
import type { Engine } from './engine/engine.ts';
import { liveness } from './engine/holder.ts';
import { createLeaseKeeper } from './engine/lease-keeper.ts';
import { createPerformers } from './engine/performers.ts';
import { environmentSecrets } from './environment-secrets.ts';
import { fingerprint } from './gate/fingerprint.ts';
import { originOf } from './gate/subject.ts';
import { tiersHere } from './gate/tiers-here.ts';
import { openInbox } from './inbox/open-inbox.ts';
import { DIST, PACKAGE } from './installation.ts';
import { openFigures } from './open-figures.ts';
import { openGate } from './open-gate.ts';
import { openLog } from './open-log.ts';
import { openMcp } from './open-mcp.ts';
import type { Reloads } from './open-reloads.ts';
import type { SkillReloads } from './open-skill-reloads.ts';
import { trustEntry } from './open-trust.ts';
import { firingRetention, openUpkeep } from './open-upkeep.ts';
import { warmWorkers } from './pool-settings.ts';
import type { Sandbox } from './ports/sandbox.ts';
import { evaluateWorkflow } from './resources/evaluate-workflow.ts';
import { loadRunnable, type WorkflowSource } from './resources/load-workflow.ts';
import { openTriggerSource } from './resources/trigger-source.ts';
import { runConfined } from './sandboxes/run-confined.ts';
import { setSetting } from './set-setting.ts';
import { loadSettings } from './settings.ts';
import { stageBackup } from './snapshots/restore-backup.ts';
import { clearOf } from './store-address.ts';
import { openUndo } from './undo/open-undo.ts';
import { keepWarm } from './upkeep/keep-warm.ts';
import { keepTrust } from './wanted-trust.ts';
import { watchWithChokidar } from './watching/watch-with-chokidar.ts';

const EVALUATION_LIMIT_MS = 10_000;

/** The second half of the composition root. Throws what is wrong with the settings. */
export async function openDoers(options: DoersOptions): Promise<Doers> {
  const { place, folder, opened, clock, principal, self, engine } = options;
  const { store } = opened;
  const settings = options.settings ?? (await loadSettings(options));
  const config = settings.value;
  if (options.settings === undefined && settings.decided !== undefined) {
    const said = { root: place.root, decision: settings.decided, by: principal, at: clock.now() };
    await store.audit.append(trustEntry(said, 'a person answered at the terminal'));
  }
  const log = openLog(config, options);
  const opening = openGate(options, config, log);
  const { sandbox, runner, skills, snapshots, gateSettings, gate, tierFor, configOf } = opening;
  const source: WorkflowSource = {
    folders: { workspace: place.root, builtIn: join(DIST, 'workflows') },
    workers: runner,
    evaluateWorkflow: (file) =>
      evaluateWorkflow(file, async (path) => {
        await requireBox(sandbox, config, path);
        return runConfined(
          sandbox,
          [process.execPath, '--no-warnings', join(DIST, 'workflow-process.js'), path],
          {
            confinement: {
              readable: [place.root],
              writable: [],
              hidden: [dataDir(APP, options)],
              programs: [],
              hosts: [],
            },
            cwd: place.root,
            env: {},
            installed: [process.execPath, PACKAGE, path],
          },
          EVALUATION_LIMIT_MS,
        );
      }),
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
    ...openMcp(options, opening, call),
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
      const about = {
        root: place.root,
        folder,
        sandbox,
        tierFor,
        runner,
        servers: opening.servers,
        clock,
        holder,
        log,
        told,
      };
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
        folders: opening.skillFolders,
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
      return openAuthoring({
        sandbox,
        clock,
        quarantines,
        watchFiles: watchWithChokidar,
        workers: runner,
        policy: config.policy,
      });
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

/** To read it is to run what somebody wrote. */
async function requireBox(sandbox: Pick<Sandbox, 'probe'>, { policy }: Config, path: string): Promise<void> {
  if (policy.sandbox !== 'require') return;
  const { level, missing, hint } = await sandbox.probe();
  if (level === 'enforced') return;
  throw new CadreError(
    'no_sandbox',
    `${path} was not read, because it is a program and cannot be fully confined: ${missing.join('; ')}`,
    { hint: hint ?? 'write the workflow in YAML, or set policy.sandbox to warn' },
  );
}

async function effectsOf(engine: Engine, run: string): Promise<Effect[]> {
  return (await engine.effects(run)).flatMap(({ effects }) => effects as Effect[]);
}

function placesOf(
  usual: number,
  { concurrency, weight = 1 }: NonNullable<AppOptions['performing']> = {},
): number {
  return Math.max(1, Math.round((concurrency ?? usual) * weight));
}
