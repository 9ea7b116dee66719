import type { Problem } from '@cadre/core';
import type { Manifest } from '@cadre/sdk';

export interface Validated {
  /** The file that was read; undefined: there is none. */
  readonly file: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly problems: readonly Problem[];
}

/** What came of one thing that was tried. */
export interface Trial {
  readonly name: string;
  readonly ok: boolean;
  /** Why not. */
  readonly says?: string;
  readonly durationMs: number;
}

/** What the author of a worker or a skill does with its folder. */
export interface Authoring {
  listTemplates(): Promise<readonly string[]>;
  /** A worker to begin with, in a new folder. Throws `invalid_input` and `exists`. */
  make(id: string, template: string, folder: string): Promise<void>;
  /** A skill to begin with, in a new folder. Throws `invalid_input` and `exists`. */
  makeSkill(id: string, folder: string): Promise<void>;
  validateSkill(folder: string): Promise<Omit<Validated, 'manifest'>>;
  /** Without starting it. */
  validate(folder: string): Promise<Validated>;
  /** Starts it, confined, and tries what can be tried. Throws `invalid_manifest` and `invalid_package`. */
  try(folder: string, told: (trial: Trial) => void): Promise<readonly Trial[]>;
  /** Looks once, and again each time that something in the folder has changed, until the signal is aborted. */
  watch(folder: string, signal: AbortSignal, changed: () => Promise<void>): Promise<void>;
}
