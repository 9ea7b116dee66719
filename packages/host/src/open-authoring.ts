import { openStreamSpool } from './gate/streams/open-stream-spool.ts';
import type { ActionRunner } from './ports/action-runner.ts';
import type { Authoring } from './ports/authoring.ts';
import type { Clock } from './ports/clock.ts';
import type { WatchFiles } from './ports/file-watch.ts';
import type { QuarantineStore } from './ports/pool-store.ts';
import type { Sandbox } from './ports/sandbox.ts';
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
}

const TESTS_MS = 300_000;
/** An editor writes a file in several steps. */
const SETTLED_MS = 300;

export function openAuthoring({ sandbox, clock, quarantines, watchFiles, workers }: Options): Authoring {
  return {
    listTemplates,
    make: makeWorker,
    makeSkill,
    validateSkill,
    validate: (folder) => validatePackage(folder, workers.list()),
    try: (folder, told) =>
      tryPackage({
        folder,
        manifest: loadPackage(folder).manifest,
        told,
        probe: (place) => probeWorker(place, sandbox),
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
              confinement: { readable, writable: [writable], hidden: [], programs, hosts: [] },
              cwd: writable,
              env: {},
              installed: [process.execPath],
            },
            TESTS_MS,
          ),
      }),
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
