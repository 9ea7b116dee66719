import type { Workflow } from '@cadre/core';
import type { ConfigChange } from '@cadre/kit/config';
import type { Log } from '@cadre/kit/log';
import type { Outcome } from '@cadre/sdk';
import type { AppOptions } from './app-options.ts';
import type { CallAlone } from './call-alone.ts';
import type { Config } from './config.ts';
import type { Engine } from './engine/engine.ts';
import type { Performers } from './engine/performers.ts';
import type { AuditEvidence } from './gate/audit-evidence.ts';
import type { CallExplanation, ExplainRequest } from './gate/explain-call.ts';
import type { Inbox } from './inbox/open-inbox.ts';
import type { Moved } from './move.ts';
import type { FigureDoers } from './open-figures.ts';
import type { McpDoers } from './open-mcp.ts';
import type { OpenedStore } from './open-store.ts';
import type { UpkeepDoers } from './open-upkeep.ts';
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
import type { TriggerSource } from './resources/trigger-source.ts';
import type { WorkflowFolders } from './resources/workflow-files.ts';
import type { Settings } from './settings.ts';
import type { StagedBackup } from './snapshots/restore-backup.ts';
import type { Undo } from './undo/open-undo.ts';
import type { Registry } from './workers/registry.ts';

/** What it takes to do work in a workspace: settings, workers, the gate. */
export interface Doers extends UpkeepDoers, FigureDoers, McpDoers {
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
