import type { Config } from './config.ts';
import type { Approver, TrustAsker } from './ports/approver.ts';

export const APP = 'cadre';

/** What an edge says when it opens Cadre. */
export interface AppOptions {
  /** The workspace: the repository, and its folder that the command line named. */
  readonly place: { readonly root: string; readonly path: string; readonly name: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly approver: Approver & TrustAsker;
  /** Says what people should know once: a weak sandbox, an unknown setting. */
  readonly warn: (text: string) => void;
  /** How much this process performs at once; default: what the classes say. */
  readonly performing?: { readonly concurrency?: number; readonly weight?: number };
  /** What the command line says of the log file; stronger than variables and files. */
  readonly log?: Partial<Config['log']>;
}
