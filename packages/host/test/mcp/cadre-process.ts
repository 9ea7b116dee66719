import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { onTestFinished } from 'vitest';
import type { TemporaryPlace } from '../../src/cli/testing/temporary-place.ts';

export const MAIN = join(import.meta.dirname, '../../dist/main.js');

export const environment = ({ home }: TemporaryPlace, more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  CADRE_HOME: home,
  ...more,
});

export type Era = '2025' | '2026-07-28';

export function newClient(era: Era): Client {
  const mode = era === '2025' ? 'legacy' : { pin: '2026-07-28' };
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode } });
  onTestFinished(() => client.close());
  return client;
}

/** A client that has started `cadre mcp`. */
export async function overStdio(place: TemporaryPlace, era: Era, ...argv: string[]): Promise<Client> {
  const client = newClient(era);
  const args = [MAIN, 'mcp', ...argv];
  const env = environment(place);
  await client.connect(new StdioClientTransport({ command: process.execPath, args, cwd: place.folder, env }));
  return client;
}

/** `cadre serve` on a free port; answers the address of its MCP server. */
export async function serveMcp(
  place: TemporaryPlace,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child: ChildProcess = spawn(
    process.execPath,
    [MAIN, 'serve', '--port', '0', '--no-triggers', '--no-work'],
    { cwd: place.folder, env: environment(place, more), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
    const [, address] = /^mcp: (\S+)$/.exec(line) ?? [];
    if (address !== undefined) {
      // What it says later is nobody's, and must not fill the pipe.
      child.stderr?.resume();
      return address;
    }
  }
  throw new Error('it did not say where it listens');
}

export async function overHttp(address: string, era: Era, token?: string): Promise<Client> {
  const client = newClient(era);
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers } }));
  return client;
}
