import type { StepReport } from '@cadre/sdk';
import type { Format } from './build-pages.ts';

export interface DocsInput {
  /** Folder to document. Default the workspace. */
  readonly path?: string;
  /** Globs of files to leave out. */
  readonly exclude?: readonly string[];
  /** Folder for the pages, relative to `path`. Default `docs/api`. */
  readonly output?: string;
  /** What the built-in generator makes. Default both. */
  readonly formats?: readonly Format[];
  /** Only these generators: `typedoc`, `sphinx`, `mkdocs`, `built-in`. */
  readonly tools?: readonly string[];
  /** Least share of documented symbols in percent; 0: none. */
  readonly floor?: number;
  /** Any warning fails, and nothing is written. */
  readonly strict?: boolean;
  /** Write nothing and say which pages are out of date. */
  readonly check?: boolean;
}

export interface DocsReport extends StepReport {
  readonly changedFiles: readonly string[];
  /** With `check`, the files that are not as they should be. */
  readonly wouldChange: readonly string[];
  readonly coverage: { readonly symbols: number; readonly documented: number; readonly share: number };
}
