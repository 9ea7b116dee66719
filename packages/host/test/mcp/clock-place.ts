import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';

export const CLOCK = readFileSync(join(import.meta.dirname, '../fixtures/mcp/clock.mjs'), 'utf8');

export const declared = (spec: string, name = 'clock') =>
  `apiVersion: cadre/v1\nkind: McpServer\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

/** One step that calls one tool. */
export const calling = (uses: string, input = '{}') =>
  `apiVersion: cadre/v1
kind: Workflow
metadata: { name: call }
spec:
  steps: [{ id: it, uses: ${uses}, with: ${input} }]
  outputs: { text: "\${{ steps.it.output.text }}" }
`;

/** A repository with the clock as an MCP server, run as `spec` says. */
export function clockPlace(spec: string, files: Readonly<Record<string, string>> = {}): TemporaryPlace {
  return temporaryPlace({ '.cadre/mcp/clock.yaml': declared(spec), 'tools/clock.mjs': CLOCK, ...files });
}

export async function grant(
  { cadre }: Pick<TemporaryPlace, 'cadre'>,
  permissions: readonly string[],
  ...whom: readonly string[]
): Promise<void> {
  for (const permission of permissions) await cadre('grant', 'add', 'clock', permission, ...whom);
}

/** Accepts what the server offers now, as somebody does who has read it. */
export async function accept(cadre: TemporaryPlace['cadre'], name = 'clock'): Promise<string> {
  const { stdout } = await cadre('mcp', 'accept', name, '--json');
  const { hash } = JSON.parse(stdout) as { hash?: string };
  const accepted = await cadre('mcp', 'accept', name, '--accept', hash ?? '');
  if (accepted.code !== 0) throw new Error(`${stdout}${accepted.stdout}${accepted.stderr}`);
  return hash ?? '';
}

/** The clock over HTTP on this machine; answers its port. */
export async function clockOverHttp(env: Readonly<Record<string, string>> = {}): Promise<number> {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(import.meta.dirname, '../fixtures/mcp/clock.mjs')],
    { env: { ...env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return Number(line.toString());
}
