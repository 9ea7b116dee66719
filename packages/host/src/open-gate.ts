import { join } from 'node:path';
import { dataDir } from '@cadre/kit/data';
import { parseDuration } from '@cadre/kit/format';
import type { Log } from '@cadre/kit/log';
import type { JsonObject } from '@cadre/sdk';
import { APP, type AppOptions } from './app-options.ts';
import type { Config } from './config.ts';
import type { DoersOptions } from './doers.ts';
import { environmentSecrets } from './environment-secrets.ts';
import { chooseTier } from './gate/choose-tier.ts';
import { createGate } from './gate/create-gate.ts';
import type { GateSettings } from './gate/gate-settings.ts';
import { hideTexts } from './hidden-texts.ts';
import { DIST } from './installation.ts';
import { openLogins } from './logins/open-logins.ts';
import { openRemote } from './open-remote.ts';
import { poolOf, warmWorkers } from './pool-settings.ts';
import type { InstalledWorker } from './ports/action-runner.ts';
import type { Tier } from './ports/sandbox.ts';
import type { Store } from './ports/store.ts';
import { openContainerSandbox } from './sandboxes/container/open-container-sandbox.ts';
import { openSandbox } from './sandboxes/open-sandbox.ts';
import { openSandboxes } from './sandboxes/open-sandboxes.ts';
import { openSnapshots } from './snapshots/open-snapshots.ts';
import { useLimits } from './use-limits.ts';
import { openMcpServers } from './workers/mcp-servers.ts';
import { openRunner } from './workers/open-runner.ts';
import { openSkills } from './workers/skills/open-skills.ts';
import { PACKAGES_FOLDER, SKILLS_FOLDER } from './workspace-folder.ts';

/** What performs actions in a workspace, and what that rests on. */
export type OpenedGate = ReturnType<typeof openGate>;

/** Settings, sandboxes, workers, skills and logins, put together to the one way into the outside world. */
export function openGate(options: DoersOptions, config: Config, log: Log) {
  const { place, approver, folder, opened, clock } = options;
  const { store } = opened;
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
    elsewhere: new Set<Tier>([
      ...(remote === undefined ? [] : (['remote'] as const)),
      ...(container.image === undefined ? [] : (['container'] as const)),
    ]),
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
  return {
    sandbox,
    servers,
    configOf,
    runner,
    skillFolders,
    skills,
    logins,
    snapshots,
    gateSettings,
    gate,
    tierFor,
  };
}

function cacheOf({ cache: { ttl, maxBytes } }: Config, { results, files }: Store) {
  return { results, files, limits: { ttlMs: parseDuration(ttl), maxBytes } };
}

const OWN = new Set(['CADRE_STORE__URL', 'CADRE_BUS__URL', 'CADRE_REDIS_URL', 'CADRE_HTTP__TOKEN']);

/** Passwords of the store and the bus, and the token of the server, are for this process alone. */
function withoutOwn(env: AppOptions['env']): AppOptions['env'] {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OWN.has(name)));
}
