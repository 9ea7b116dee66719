import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { canonicalJson, checkValue, parsePermission } from '@cadre/core';
import type { ActionManifest, Failure, JsonObject, JsonValue, Manifest, Outcome } from '@cadre/sdk';
import { DIST } from '../../installation.ts';
import type { ActionCall, ActionRunner, CallObserver, CallStreamPlace } from '../../ports/action-runner.ts';
import type { Trial } from '../../ports/authoring.ts';
import type { Tier } from '../../ports/sandbox.ts';
import { listPackageFiles } from './list-package-files.ts';

export interface TryOptions {
  readonly folder: string;
  readonly manifest: Manifest;
  /** In which its calls are made. */
  readonly tier: Tier;
  /** Workers of the folder `builtIn`, in this workspace. */
  readonly open: (builtIn: string, workspace: string) => ActionRunner;
  /** Starts what lies in the folder with no permission at all, and says what was wrong. */
  readonly probe: (folder: string) => Promise<Failure | undefined>;
  /** Where streams are kept that a call writes. */
  readonly streamsIn: (folder: string) => (input: JsonObject) => CallStreamPlace;
  /** Runs a confined program to its end. */
  readonly run: (
    command: readonly string[],
    about: {
      readonly readable: readonly string[];
      readonly writable: string;
      readonly programs: readonly string[];
    },
  ) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  readonly told: (trial: Trial) => void;
}

/** A call that is cancelled has to end within this time. */
const CANCEL_MS = 6_000;

/**
 * Tries a worker as a package would be: from the files that would be packed, confined to what it asks for, in a workspace of its own.
 * Its own tests, its examples, and what every worker has to keep to.
 */
export async function tryPackage({
  folder,
  manifest,
  tier,
  open,
  probe,
  streamsIn,
  run,
  told,
}: TryOptions): Promise<readonly Trial[]> {
  const place = await mkdtemp(join(tmpdir(), 'cadre-worker-test-'));
  const [packages, workspace, dataDir] = ['packages', 'workspace', 'data'].map((name) =>
    join(place, name),
  ) as [string, string, string];
  const trials: Trial[] = [];
  const trying = async (name: string, work: () => Promise<string | undefined>) => {
    const began = performance.now();
    const says = await work().catch((error: unknown) => String(error));
    const trial: Trial = {
      name,
      ok: says === undefined,
      ...(says === undefined ? {} : { says }),
      durationMs: performance.now() - began,
    };
    trials.push(trial);
    told(trial);
  };
  const copy = join(packages, manifest.id);
  try {
    await Promise.all([mkdir(workspace, { recursive: true }), mkdir(dataDir, { recursive: true })]);
    const files = await listPackageFiles(folder);
    for (const { path } of files) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await cp(join(folder, path), join(copy, path));
    }
    const tests = files.filter(
      ({ path }) => /(^|\/)[^/]+\.test\.[cm]?[jt]s$/.test(path) && !path.startsWith('node_modules/'),
    );
    if (tests.length > 0) {
      await trying('its own tests', async () => {
        const sdk = join(DIST, 'sdk');
        const command = [
          process.execPath,
          `--import=${pathToFileURL(join(sdk, 'provide.js')).href}`,
          '--test',
          '--test-isolation=none',
          ...tests.map(({ path }) => join(copy, path)),
        ];
        const { code, stdout, stderr } = await run(command, {
          readable: [copy, sdk],
          writable: workspace,
          programs: programsOf(manifest),
        });
        return code === 0 ? undefined : `they ended with ${code}\n${(stdout + stderr).trim()}`;
      });
    }
    await trying('it starts, with no permission at all', async () => {
      const failed = await probe(copy);
      return failed === undefined ? undefined : `${failed.code}: ${failed.message}`;
    });
    const runner = open(packages, workspace);
    try {
      const call = callerOf(runner, manifest, {
        tier,
        workspace,
        dataDir,
        streamsOf: streamsIn(join(place, 'streams')),
      });
      for (const action of manifest.actions) {
        for (const [index, example] of (action.examples ?? []).entries()) {
          await trying(`${action.name}: example ${index + 1}`, () => tryExample(action, example, call));
        }
      }
      const [first] = manifest.actions.filter(({ cancel }) => cancel !== false);
      const input = first?.examples?.[0]?.input as JsonObject | undefined;
      if (first !== undefined && input !== undefined) {
        await trying('a call that is cancelled ends', () => tryCancelling(first, input, call));
      }
    } finally {
      await runner.close();
    }
    return trials;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

type Call = (action: string, input: JsonObject, signal?: AbortSignal) => Promise<Outcome<JsonValue>>;

async function tryExample(
  action: ActionManifest,
  { input, output }: NonNullable<ActionManifest['examples']>[number],
  call: Call,
): Promise<string | undefined> {
  const once = async () => {
    const outcome = await call(action.name, input as JsonObject);
    if (!outcome.ok) return `${outcome.failure.code}: ${outcome.failure.message}`;
    const faults = checkValue(action.output, outcome.output).map(
      ({ pointer, message }) => `${pointer || 'the output'}: ${message}`,
    );
    if (faults.length > 0) return `what it answered does not fit its schema: ${faults.join('; ')}`;
    return { output: outcome.output };
  };
  const first = await once();
  if (typeof first === 'string') return first;
  if (output !== undefined && canonicalJson(output) !== canonicalJson(first.output)) {
    return `it answered ${canonicalJson(first.output)}, and the example says ${canonicalJson(output)}`;
  }
  if (action.idempotent !== true) return undefined;
  const second = await once();
  return typeof second === 'string' ? `done again, as idempotent promises: ${second}` : undefined;
}

async function tryCancelling(
  action: ActionManifest,
  input: JsonObject,
  call: Call,
): Promise<string | undefined> {
  const began = performance.now();
  const controller = new AbortController();
  const calling = call(action.name, input, controller.signal);
  controller.abort('cancelled');
  await calling;
  const took = performance.now() - began;
  return took <= CANCEL_MS ? undefined : `it took ${Math.round(took)} ms to end`;
}

/** Confined to what the manifest asks for, as if all of it were granted within the workspace. */
function callerOf(
  runner: ActionRunner,
  manifest: Manifest,
  {
    tier,
    workspace,
    dataDir,
    streamsOf,
  }: Pick<ActionCall, 'workspace' | 'dataDir'> & {
    readonly tier: Tier;
    readonly streamsOf: (input: JsonObject) => CallStreamPlace;
  },
): Call {
  const has = (type: string) =>
    manifest.permissions.some((text) => text === type || text.startsWith(`${type}:`));
  const confinement = {
    readable: has('fs:read') ? [workspace] : [],
    writable: has('fs:write') ? [workspace, dataDir] : [dataDir],
    hidden: [],
    programs: programsOf(manifest),
    hosts: [],
  };
  const observer: CallObserver = {
    log: () => undefined,
    progress: () => undefined,
    effect: () => undefined,
    spend: () => undefined,
    measure: () => undefined,
    extend: async () => undefined,
    request: async ({ kind }) =>
      kind === 'exec'
        ? { ok: true, output: true }
        : {
            ok: false,
            failure: {
              code: 'denied',
              message: `there is no ${kind} while a worker is tried`,
              retryable: false,
            },
          },
  };
  let calls = 0;
  return (action, input, signal = new AbortController().signal) => {
    const call = {
      worker: manifest.id,
      version: manifest.version,
      action,
      input,
      mode: 'apply' as const,
      config: {},
      env: {},
    };
    const about = { run: 'test', step: 'test', attempt: 1, idempotencyKey: `test ${++calls}` };
    return runner.perform({ ...call, ...about, tier, workspace, dataDir, confinement }, signal, {
      ...observer,
      streams: streamsOf(input),
    });
  };
}

function programsOf({ permissions }: Manifest): readonly string[] {
  return permissions.flatMap((text) => {
    const parsed = parsePermission(text);
    return parsed.ok && parsed.permission.type === 'shell' ? [parsed.permission.scope] : [];
  });
}
