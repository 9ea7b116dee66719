import { type ActionContext, ActionError, type Skipped } from '@cadre/sdk';
import type { Lock } from '../locks/read-locks.ts';
import type { Vulnerability } from '../vulnerability.ts';
import { cargoAudit } from './cargo-audit.ts';
import { npmAudit } from './npm-audit.ts';
import type { OnlineTool } from './online-tool.ts';
import { pipAudit } from './pip-audit.ts';

const ONLINE_TOOLS: readonly OnlineTool[] = [npmAudit, pipAudit, cargoAudit];

/** Codes that mean that a tool could not tell; the offline answer stands, and the report says so. */
const NO_ANSWER = new Set(['denied', 'tool_failed']);

export interface OnlineAnswers {
  readonly found: readonly Vulnerability[];
  readonly skipped: readonly Skipped[];
}

/** Asks the tools of the lock files' ecosystems, as far as they are installed and may reach the network. */
export async function askOnline(context: ActionContext, locks: readonly Lock[]): Promise<OnlineAnswers> {
  const found: Vulnerability[] = [];
  const skipped: Skipped[] = [];
  for (const tool of ONLINE_TOOLS) {
    const wanted = locks.filter(tool.reads);
    if (wanted.length === 0) continue;
    if ((await context.find(tool.program)) === undefined) {
      const message = `${tool.name} is not installed; only the offline database was asked`;
      skipped.push({ tool: tool.name, reason: 'tool_missing', message, hint: tool.install });
      continue;
    }
    for (const lock of wanted) {
      const answer = await ask(tool, context, lock);
      found.push(...answer.found);
      skipped.push(...answer.skipped);
    }
  }
  return { found, skipped };
}

async function ask(tool: OnlineTool, context: ActionContext, lock: Lock): Promise<OnlineAnswers> {
  try {
    return { found: await tool.ask(context, lock), skipped: [] };
  } catch (error) {
    if (!(error instanceof ActionError) || !NO_ANSWER.has(error.failure.code)) throw error;
    const { code, message, hint } = error.failure;
    const told = hint === undefined ? {} : { hint };
    return { found: [], skipped: [{ tool: tool.name, reason: code, message, ...told }] };
  }
}
