import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { CadreError } from '@cadre/core';
import type { Sandbox } from '../ports/sandbox.ts';

const LIMIT_MS = 10_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/**
 * Evaluates a TypeScript or JavaScript workflow file in a confined process and answers the JSON text of what it
 * exports. The process sees the workspace read-only and no network. Throws `invalid_workflow`.
 */
export async function evaluateWorkflow(
  file: string,
  options: { sandbox: Sandbox; script: string; workspace: string; installed: readonly string[] },
): Promise<string> {
  const readable = [options.workspace, dirname(file)];
  const wrapped = await options.sandbox.wrap([process.execPath, '--no-warnings', options.script, file], {
    confinement: { readable, writable: [], programs: [], hosts: [] },
    cwd: dirname(file),
    env: { PATH: '/usr/bin:/bin' },
    installed: [...options.installed, dirname(options.script)],
  });
  const { code, stdout, stderr } = await collect(wrapped);
  if (code !== 0) {
    const reason = stderr.split('\n').find((line) => /Error|exports/.test(line)) ?? stderr.slice(0, 300);
    throw new CadreError('invalid_workflow', `${file} could not be evaluated: ${reason.trim()}`, {
      hint: "export const workflow = defineWorkflow({ … }) with: import { defineWorkflow } from 'cadre'",
      details: { stderr: stderr.slice(-2000) },
    });
  }
  return stdout;
}

function collect(wrapped: Awaited<ReturnType<Sandbox['wrap']>>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(wrapped.program, [...wrapped.arguments], {
      cwd: wrapped.cwd,
      env: { ...wrapped.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        texts[stream] += text;
        if (texts[stream].length > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, ...texts }));
  });
}
