import type { ActionContext } from '@cadre/sdk';
import type { Folder } from '../../code/folder.ts';
import type { CodeKind } from '../rule.ts';
import type { AuditFinding } from '../scan/audit-finding.ts';

/** What a tool says, before it has a fingerprint. `file` as the tool names it. */
export type ToolFinding = Omit<AuditFinding, 'tool' | 'kind' | 'fingerprint'>;

export interface ToolRun {
  readonly context: ActionContext;
  readonly folder: Folder;
  /** Files that are scanned, relative to the workspace. */
  readonly files: readonly string[];
}

export interface ToolAnswer {
  readonly findings: readonly ToolFinding[];
  /** Files that the tool could not read, in words. */
  readonly unread: readonly string[];
}

/** A scanner that runs where it is installed. */
export interface ExternalTool {
  readonly name: string;
  readonly program: string;
  readonly kind: CodeKind;
  /** How the repository shows that it wants the tool, in words; missing tools are told of only then. */
  readonly chosen: (folder: Folder) => string | undefined;
  /** Whether there is anything for it to do. */
  readonly applies: (run: Pick<ToolRun, 'folder' | 'files'>) => boolean;
  /** Runs it. Throws ActionError `tool_failed` when it did not come to its end: that is no clean result. */
  readonly scan: (run: ToolRun) => Promise<ToolAnswer>;
  /** The command that installs it. */
  readonly install: string;
}
