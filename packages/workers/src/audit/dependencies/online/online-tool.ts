import type { ActionContext } from '@cadre/sdk';
import type { Lock } from '../locks/read-locks.ts';
import type { Vulnerability } from '../vulnerability.ts';

/** A program that asks its ecosystem's own database about one lock file. */
export interface OnlineTool {
  readonly name: string;
  readonly program: string;
  readonly reads: (lock: Lock) => boolean;
  /** Throws ActionError `tool_failed` when it got no answer. */
  readonly ask: (context: ActionContext, lock: Lock) => Promise<readonly Vulnerability[]>;
  readonly install: string;
}
