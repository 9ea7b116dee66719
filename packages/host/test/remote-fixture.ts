import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonValue, Outcome } from '@cadre/sdk';
import { VERSION } from '../src/cli/version.ts';
import type { ActionCall, ActionRunner, CallRequest } from '../src/ports/action-runner.ts';
import type { Sandbox } from '../src/ports/sandbox.ts';
import { openRemoteSandbox, type RemoteSettings } from '../src/sandboxes/remote/open-remote-sandbox.ts';
import { besideRunner } from '../src/testing/beside-runner.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { fixtureCall, type WorkerFixture, workerFixture } from './worker-fixture.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The other machine is this one, reached by starting what would be started there. */
export function sandboxHostCommand(folder: string): readonly string[] {
  return [process.execPath, '--no-warnings', MAIN, 'sandbox-host', '--folder', folder];
}

export interface PerformOptions {
  readonly call?: Partial<ActionCall>;
  readonly signal?: AbortSignal;
  readonly request?: (body: CallRequest) => Outcome<JsonValue> | Promise<Outcome<JsonValue>>;
  readonly onLog?: (message: string) => void;
}

/** Workers whose calls are performed by a sandbox host, and the files of both sides. */
export interface RemoteFixture extends WorkerFixture {
  readonly sandbox: Sandbox;
  readonly runner: ActionRunner;
  /** Of the sandbox host. */
  readonly hostFolder: string;
  perform(
    action: string,
    input: JsonObject,
    options?: PerformOptions,
    worker?: string,
  ): Promise<Outcome<JsonValue>>;
  /** Performs `polite/run` of a shell. */
  shell(script: string, options?: PerformOptions): Promise<Outcome<JsonValue>>;
  /** Numbers of the processes that serve a connection. */
  hostPids(): readonly number[];
  /** Whether a text lies in any file of the sandbox host. */
  isThere(text: string): boolean;
}

export async function remoteFixture(
  changes: Partial<RemoteSettings> = {},
  ...names: string[]
): Promise<RemoteFixture> {
  const fixture = await workerFixture(...(names.length === 0 ? ['polite'] : names));
  const hostFolder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-far-')));
  const { workspace, dataDir, workers } = fixture;
  const sandbox = openRemoteSandbox({
    command: sandboxHostCommand(hostFolder),
    version: VERSION,
    workspace,
    folder: join(dataDir, '../spool'),
    environment: process.env,
    limits: {},
    carried: { files: 10_000, bytes: 100 * 1024 ** 2 },
    ...changes,
  });
  const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
  const perform: RemoteFixture['perform'] = (action, input, options = {}, worker = names[0] ?? 'polite') => {
    const { version } = runner.resolve(`${worker}/${action}`).worker.manifest;
    return runner.perform(
      fixtureCall(fixture, { worker, version, action, input, tier: 'remote', ...options.call }),
      options.signal ?? new AbortController().signal,
      {
        log: (_level, message) => options.onLog?.(message),
        progress: () => {},
        spend: () => {},
        measure: () => {},
        effect: () => {},
        request: async (body) => (await options.request?.(body)) ?? { ok: true, output: true },
      },
    );
  };
  return {
    ...fixture,
    sandbox,
    runner,
    hostFolder,
    perform,
    shell: (script, options) => perform('run', { program: 'sh', arguments: ['-ec', script] }, options),
    hostPids: () => readdirSync(join(hostFolder, 'connections')).map((name) => Number(name.split('-')[0])),
    isThere: (text) =>
      existsSync(hostFolder) &&
      readdirSync(hostFolder, { recursive: true, withFileTypes: true }).some(
        (entry) =>
          entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(text)),
      ),
    async remove() {
      await runner.close();
      await sandbox.close?.();
      await fixture.remove();
      rmSync(hostFolder, { recursive: true, force: true });
    },
  };
}
