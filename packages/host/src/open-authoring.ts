import { CadreError } from '@cadre/core';
import { chooseTier } from './gate/choose-tier.ts';
import type { GatePolicy } from './gate/gate-settings.ts';
import { requiredTier, USUAL_TIERS } from './gate/required-tier.ts';
import { openStreamSpool } from './gate/streams/open-stream-spool.ts';
import type { ActionRunner, InstalledWorker } from './ports/action-runner.ts';
import type { Authoring } from './ports/authoring.ts';
import type { Clock } from './ports/clock.ts';
import type { WatchFiles } from './ports/file-watch.ts';
import type { QuarantineStore } from './ports/pool-store.ts';
import type { Sandbox, Tier } from './ports/sandbox.ts';
import { runConfined } from './sandboxes/run-confined.ts';
import { loadPackage } from './workers/load-worker.ts';
import { openRunner } from './workers/open-runner.ts';
import { listTemplates, makeWorker } from './workers/packaging/make-worker.ts';
import { tryPackage } from './workers/packaging/try-package.ts';
import { validatePackage } from './workers/packaging/validate-package.ts';
import { probeWorker } from './workers/probe-worker.ts';
import { makeSkill } from './workers/skills/make-skill.ts';
import { validateSkill } from './workers/skills/validate-skill.ts';

interface Options {
  readonly sandbox: Sandbox;
  readonly clock: Clock;
  readonly quarantines: QuarantineStore;
  readonly watchFiles: WatchFiles;
  readonly workers: Pick<ActionRunner, 'list'>;
  readonly policy: GatePolicy;
}

const TESTS_MS = 300_000;
/** An editor writes a file in several steps. */
const SETTLED_MS = 300;

export function openAuthoring({
  sandbox,
  clock,
  quarantines,
  watchFiles,
  workers,
  policy,
}: Options): Authoring {
  return {
    listTemplates,
    make: makeWorker,
    makeSkill,
    validateSkill,
    validate: (folder) => validatePackage(folder, workers.list()),
    async try(folder, told) {
      const worker = loadPackage(folder);
      const tier = await trialTier(worker, sandbox, policy);
      return tryPackage({
        folder,
        manifest: worker.manifest,
        tier,
        told,
        probe: (place) => probeWorker(place, sandbox, {}, tier),
        streamsIn: (place) => {
          const spool = openStreamSpool(place, clock);
          return (input) => spool.placeFor('test', input).place;
        },
        open: (builtInFolder, workspace) =>
          openRunner({ builtInFolder, workspace, sandbox, clock, quarantines, trusted: false }),
        run: (command, { readable, writable, programs }) =>
          runConfined(
            sandbox,
            command,
            {
              tier,
              confinement: { readable, writable: [writable], hidden: [], programs, hosts: [] },
              cwd: writable,
              env: {},
              installed: [process.execPath],
            },
            TESTS_MS,
          ),
      });
    },
    async watch(folder, signal, changed) {
      let takeBack: (() => void) | undefined;
      let under: Promise<void> = Promise.resolve();
      const settle = () => {
        takeBack?.();
        takeBack = clock.wakeAt(clock.now() + SETTLED_MS, () => {
          under = under.then(changed);
        });
      };
      const stop = await watchFiles({
        root: folder,
        paths: ['**'],
        ignore: ['**/*.tgz', '**/*.log'],
        initial: false,
        hear: settle,
        failed: (error) => {
          throw error;
        },
      });
      // What is there when somebody begins to watch, so that nothing changes unseen before the first look.
      under = changed();
      await under;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      takeBack?.();
      await stop();
      await under;
    },
  };
}

/**
 * The tier that policy and its manifest want for its calls: where that is missing it is refused here as they would be.
 */
async function trialTier(worker: InstalledWorker, sandbox: Sandbox, policy: GatePolicy): Promise<Tier> {
  // Where nothing confines, an author may try what lies before them all the same.
  if (policy.sandbox === 'warn' && requiredTier(worker, policy.tiers ?? USUAL_TIERS) === 'os') return 'os';
  const chosen = await chooseTier(worker, { policy, sandboxReport: (tier) => sandbox.probe(tier) });
  if (chosen.ok) return chosen.output.tier;
  const { message, hint } = chosen.failure;
  throw new CadreError('no_sandbox', message, hint === undefined ? {} : { hint });
}
