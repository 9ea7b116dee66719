import { userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { isOver } from '@cadre/core/history';
import { dataDir } from '@cadre/kit/data';
import { APP, type AppOptions } from './app-options.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { Doers } from './doers.ts';
import { type Engine, openEngine } from './engine/engine.ts';
import { liveness, thisProcess } from './engine/holder.ts';
import { auditEvidence } from './gate/audit-evidence.ts';
import { lateGate } from './gate/late-gate.ts';
import { sealAudit } from './gate/seal-audit.ts';
import type { AuditResult } from './gate/verify-audit.ts';
import { mayNameStore } from './names-store.ts';
import type { OpenedStore, StoreFacts } from './open-store.ts';
import type { WorkspaceEvents } from './open-workspace-events.ts';
import { withPersonalGrants } from './personal-grants.ts';
import type { ArtifactStore } from './ports/artifacts.ts';
import type { AuditRemoval } from './ports/audit-removal.ts';
import type { AuditRecord, AuditStore } from './ports/audit-store.ts';
import type { Clock } from './ports/clock.ts';
import type { GrantStore } from './ports/grant-store.ts';
import type { Lease, LeaseHolder, LeaseStore } from './ports/lease-store.ts';
import type { Upkeep } from './ports/upkeep.ts';
import type { Settings } from './settings.ts';
import { headCommit } from './snapshots/head-commit.ts';
import { openSqliteStore } from './stores/open-sqlite-store.ts';
import { readUndone } from './undo/read-undone.ts';
import type { UndoEntry } from './undo/undo-entry.ts';
import type { Standstill } from './upkeep/standstill.ts';
import { workspaceFolder } from './workspace-folder.ts';

/** What is known of one workspace: its runs, grants, leases and audit records. Opening it parses no settings. */
export interface Records {
  readonly place: AppOptions['place'];
  /** Which store it is, as people may see it. */
  readonly store: StoreFacts;
  readonly dataDir: string;
  readonly principal: string;
  /** Needs settings and workers only for runs that go on in this process. */
  readonly engine: Engine;
  readonly grants: GrantStore;
  readonly leases: Pick<LeaseStore, 'list' | 'break'>;
  readonly audit: AuditStore;
  readonly auditRemoval: Pick<AuditRemoval, 'extent'>;
  /** What is kept of runs that are over, and what exempts them from going. */
  readonly upkeep: Omit<Upkeep, 'remove' | 'vacuum'>;
  /** Values of runs that are too large for their journals. */
  readonly artifacts: Pick<
    ArtifactStore,
    'read' | 'open' | 'find' | 'list' | 'listRuns' | 'setClass' | 'sizes'
  >;
  readonly clock: Clock;
  /** Everything that happens in the workspace. Opened when it is first asked for. */
  events(): Promise<WorkspaceEvents>;
  /** The holder of a lease is proved gone. */
  isDead(lease: Lease): boolean;
  /** Throws what is wrong with the settings, which name the anchor. */
  verifyAudit(wanted?: { readonly anchor?: string; readonly archive?: string }): Promise<AuditResult>;
  /** All records, a page at a time; with the folder of archives also those that were removed. */
  readAudit(archive?: string): AsyncIterable<readonly AuditRecord[]>;
  /** Why a run that is not over does not move; undefined: it is over. */
  standstill(run: string): Promise<Standstill | undefined>;
  /** Every undoing of a run, the oldest first. */
  undone(run: string): Promise<readonly UndoEntry[]>;
  close(): Promise<void>;
}

/** Cadre for one workspace, put together: its records, and all that it takes to do work. */
export interface App extends Records, Omit<Doers, 'gate' | 'places' | 'end' | 'close'> {
  /** Hands out nothing more and waits so long for what is under way; `close` does so too, for a few seconds. */
  drain(drainMs: number): Promise<void>;
}

/**
 * The composition root: it and `open-doers.ts` with `open-gate.ts` alone know every adapter. What performs work is put together when it is first
 * needed, so that a command that only looks starts quickly.
 */
export async function openRecords(options: AppOptions): Promise<Records> {
  return (await open(options)).records;
}

/** Throws what is wrong with the settings before anything is opened. */
export async function openApp(options: AppOptions): Promise<App> {
  const { records, doers } = await open(options, await settingsOf(options));
  try {
    const { gate: _, places: __, end, close: ___, ...opened } = await doers();
    const drain = async (drainMs: number) => {
      await end();
      await records.engine.close(drainMs);
    };
    return { ...records, ...opened, drain };
  } catch (error) {
    await records.close();
    throw error;
  }
}

async function open(
  options: AppOptions,
  settings?: Settings,
): Promise<{ readonly records: Records; readonly doers: () => Promise<Doers> }> {
  const { place, env } = options;
  const folder = workspaceFolder(place.root, env);
  const id = basename(folder);
  const known = settings ?? ((await mayNameStore(options)) ? await settingsOf(options) : undefined);
  const raw = await openStore(options, folder, known);
  const clock = systemClock();
  const principal = `user:${userInfo().username}`;
  let here: Doers | undefined;
  const evidenceOf = (said: Config['audit'] | undefined, anchor = said?.anchor) =>
    auditEvidence(folder, dataDir(APP, { env }), {
      ...(anchor === undefined ? {} : { anchor: resolve(place.root, anchor) }),
      ...(said === undefined ? {} : { keys: said.keys }),
    });
  const evidence = () => evidenceOf((here?.config ?? known?.value)?.audit);
  const audit = sealAudit({
    store: raw.store.audit,
    evidence,
    clock,
    warn: options.warn,
  });
  const grants = withPersonalGrants(raw.store.grants, join(dataDir(APP, { env }), 'personal-grants'));
  const auditRemoval: AuditRemoval = {
    ...raw.store.auditRemoval,
    async begin(beginning, entry) {
      const record = await raw.store.auditRemoval.begin(beginning, entry);
      if (record !== undefined) await audit.seal(record);
      return record;
    },
  };
  const opened: OpenedStore = { ...raw, store: { ...raw.store, audit, auditRemoval, grants } };
  const { store } = opened;
  if (known?.decided !== undefined) {
    const { trustEntry } = await import('./open-trust.ts');
    const said = { root: place.root, decision: known.decided, by: principal, at: clock.now() };
    await audit.append(trustEntry(said, 'a person answered at the terminal'));
  }
  const self = once((): LeaseHolder => thisProcess(clock.newId('process')));
  const doers = once(async () => {
    const { openDoers } = await import('./open-doers.ts');
    const about = { ...options, settings: known, folder, opened, clock, principal, self, evidence };
    here = await openDoers({ ...about, engine: () => engine });
    return here;
  });
  const engine: Engine = openEngine({
    store,
    gate: lateGate(async () => (await doers()).gate, { grants: store.grants, clock }),
    clock,
    workspace: { id, root: place.root },
    commit: () => headCommit(place.root).commit,
    asksForBudget: async () => (await doers()).config.policy.budget === 'ask',
    get holder() {
      return self();
    },
    places: {
      take: async (wish, signal) => (await doers()).places.take(wish, signal),
      free: (className) => here?.places.free(className) ?? 0,
      prioritise: (run, priorityOf) => here?.places.prioritise(run, priorityOf),
      figures: () => here?.places.figures() ?? [],
    },
    ...(opened.sharing === undefined ? {} : { sharing: opened.sharing }),
    findWorkflow: async (name) => (await doers()).findWorkflow(name),
  });
  const events = once(async (): Promise<WorkspaceEvents> => {
    const { openWorkspaceEvents } = await import('./open-workspace-events.ts');
    return openWorkspaceEvents({ store, workspace: id, clock, heard: engine.hear, warn: options.warn });
  });
  const records: Records = {
    place,
    store: opened.facts,
    dataDir: folder,
    principal,
    engine,
    grants: store.grants,
    leases: store.leases,
    audit: store.audit,
    upkeep: store.upkeep,
    artifacts: store.artifacts,
    clock,
    events,
    isDead: (lease) => liveness(lease, self()) === 'gone',
    auditRemoval: store.auditRemoval,
    async verifyAudit({ anchor, archive } = {}) {
      const { verifyAudit } = await import('./gate/verify-audit.ts');
      const said = (known ?? (await settingsOf(options))).value.audit;
      const stored = await store.auditRemoval.beginnings();
      const about = { stored, ...(archive === undefined ? {} : { archive }) };
      return verifyAudit(store.audit, evidenceOf(said, anchor), about);
    },
    async *readAudit(archive) {
      const { pagesWithArchives } = await import('./gate/audit-pages.ts');
      const { readStoredBeginnings } = await import('./gate/known-beginnings.ts');
      const stored = archive === undefined ? [] : await store.auditRemoval.beginnings();
      const { beginnings } = readStoredBeginnings(stored, () => true);
      yield* pagesWithArchives(store.audit, beginnings, archive);
    },
    async standstill(run) {
      const journaled = await engine.get(run);
      if (isOver(journaled.state.status)) return undefined;
      const { askStandstill } = await import('./ask-standstill.ts');
      return askStandstill({ run, journaled, opened, clock, self: self(), doers });
    },
    undone: (run) => readUndone(store.runs, run),
    async close() {
      if (events.begun()) (await events()).close();
      // Those whom nothing was asked of, or who could not be opened, have nothing to close.
      const begun = doers.begun() ? await doers().catch(() => undefined) : undefined;
      await begun?.end();
      // The engine before what it appends to and performs with.
      await engine.close();
      await begun?.close();
      await audit.close();
      await store.close();
    },
  };
  return { records, doers };
}

async function openStore(
  options: AppOptions,
  folder: string,
  settings: Settings | undefined,
): Promise<OpenedStore> {
  if (settings?.value.store.url !== undefined) {
    const { openShared } = await import('./open-store.ts');
    return openShared(options, settings.value);
  }
  const place = join(folder, 'cadre.db');
  return { store: await openSqliteStore(place), facts: { kind: 'sqlite', place } };
}

async function settingsOf(options: AppOptions): Promise<Settings> {
  const { loadSettings } = await import('./settings.ts');
  return loadSettings(options);
}

/** Makes a thing when it is first asked for, and then always answers that one. */
function once<T>(make: () => T): (() => T) & { begun(): boolean } {
  let made: { readonly value: T } | undefined;
  const get = () => {
    made ??= { value: make() };
    return made.value;
  };
  return Object.assign(get, { begun: () => made !== undefined });
}
