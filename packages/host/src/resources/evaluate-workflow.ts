import { CadreError } from '@cadre/core';

/** Runs Node on the script that evaluates workflow files, confined to reading, and answers what it printed. */
export type RunConfined = (
  file: string,
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

/**
 * The JSON text of what a TypeScript or JavaScript workflow file exports. Its code runs in a process of its own that
 * sees the workspace read-only and no network. Throws `invalid_workflow`.
 */
export async function evaluateWorkflow(file: string, runConfined: RunConfined): Promise<string> {
  const { code, stdout, stderr } = await runConfined(file);
  if (code === 0) return stdout;
  const reason = stderr.split('\n').find((line) => /Error|exports/.test(line)) ?? stderr.slice(0, 300);
  throw new CadreError('invalid_workflow', `${file} could not be evaluated: ${reason.trim()}`, {
    hint: 'export a constant `workflow`, made with defineWorkflow of the package cadre',
    details: { stderr: stderr.slice(-2000) },
  });
}
