import type { EffectClass } from './effect.ts';
import type { JsonSchema, JsonValue } from './json.ts';

/** The shape of `worker.yaml` after it was checked: what a worker is, offers and needs. */
export interface Manifest {
  readonly id: string;
  readonly version: string;
  readonly name?: string;
  readonly description?: string;
  readonly author?: string;
  readonly licence?: string;
  readonly homepage?: string;
  readonly icon?: string;
  readonly tags?: readonly string[];
  readonly capabilities: readonly string[];
  /** `type:scope`, for example `fs:write:.`, `shell:git`, `net:registry.example.org:443`. */
  readonly permissions: readonly string[];
  /** File inside the package that is started: with Node, or by itself when it is a program. */
  readonly entrypoint: string;
  /**
   * How it is run inside of its process. `import` (default): with Node. `thread`: with Node, in a second thread and one call at a
   * time, for what computes long. `program`: it is an executable that speaks the protocol.
   */
  readonly strategy?: 'import' | 'thread' | 'program';
  readonly actions: readonly ActionManifest[];
  readonly programs?: readonly ProgramManifest[];
  readonly engines?: { readonly cadre?: string };
  /** JSON Schema of the settings `workers.ID` of a workspace. */
  readonly config?: JsonSchema;
  readonly secrets?: readonly { readonly name: string; readonly purpose: string }[];
  /** Other workers by version range: also which version of one is called. */
  readonly dependencies?: Readonly<Record<string, Dependency>>;
  /** Skills by version range. */
  readonly skills?: Readonly<Record<string, Dependency>>;
  readonly platforms?: readonly ('linux' | 'darwin' | 'win32')[];
  /** Wished confinement and limits; policy may only tighten them. */
  readonly isolation?: 'process' | 'os' | 'container' | 'remote';
  readonly resources?: {
    /** Of the heap of its own Node. */
    readonly memoryMiB?: number;
    /** Of one call, with all programs that it starts: beyond it the call is stopped. */
    readonly cpuSeconds?: number;
    readonly diskMiB?: number;
    readonly outputMiB?: number;
    /** Of its process with all programs. */
    readonly processes?: number;
    readonly openFiles?: number;
  };
}

/** A range such as `^1`; an optional one is used where it is there. */
export type Dependency = string | { readonly range: string; readonly optional?: boolean };

export interface ActionManifest {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  readonly effects: readonly EffectClass[];
  /** Performing it twice with the same input has the effect of performing it once. */
  readonly idempotent?: boolean;
  /**
   * `true`: the same input gives the same output, whenever and wherever. An object: so long as what it names is the same
   * too. Then an earlier result that changed nothing may be answered instead of performing the action.
   */
  readonly pure?: boolean | Purity;
  /** False: it cannot be stopped half-way and is waited for. */
  readonly cancel?: boolean;
  /**
   * How its effects are shown before they happen.
   * `scratch`: it is performed on a copy of the workspace and the difference is the plan.
   * `report`: it is called with `mode: 'preview'`, changes nothing and reports its effects.
   * Absent: it has no effects to show, or they are unknown.
   */
  readonly preview?: 'scratch' | 'report';
  /** What this action needs of the worker's permissions; absent: all of them. */
  readonly permissions?: readonly string[];
  /**
   * Actions that it may call, of other workers or of its own: `git/status`, or `files/*` for all of one. Each may then do no more than this
   * one may itself. Of which version they are `dependencies` says.
   */
  readonly calls?: readonly string[];
  /** Time limit such as `10m`; absent: the step's or the common default. */
  readonly timeout?: string;
  readonly class?: 'cpu' | 'io' | 'llm' | 'deploy';
  readonly cost?: {
    readonly time?: string;
    readonly money?: string;
    readonly tokens?: number;
    readonly risk?: 'low' | 'medium' | 'high';
  };
  readonly examples?: readonly { readonly input: JsonValue; readonly output?: JsonValue }[];
}

/**
 * What an output rests on besides the input. The programs that the action may call (`shell:` permissions) and the packages
 * that are installed in and around the workspace always count; nothing has to be said of them.
 */
export interface Purity {
  /** Globs of files of the workspace, of those that git does not ignore: their content, kind and mode. */
  readonly files: readonly string[];
  /** Files of the worker's own data folder, by their whole names. */
  readonly data?: readonly string[];
  /** The date (UTC) counts too. */
  readonly day?: boolean;
}

/** A program of the system that a worker calls. */
export interface ProgramManifest {
  readonly program: string;
  readonly purpose: string;
  readonly optional?: boolean;
  /** The actions that call it; absent: all of them. */
  readonly actions?: readonly string[];
  /** The oldest version that can be used, such as `2.26`. */
  readonly minimum?: string;
  /** How to get it, by package manager: `{ apt: 'git', brew: 'git' }`, or `other` with a whole command. */
  readonly install?: Readonly<Record<string, string>>;
}
