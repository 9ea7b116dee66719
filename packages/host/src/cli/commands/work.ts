import { plainText } from '@cadre/core';
import { parseDuration } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Reload, SkillReload } from '../../ports/reloads.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { reloadText } from '../show/reload-text.ts';
import { withApp } from '../with-app.ts';
import { listen } from './listen.ts';

/** On one machine each run is performed by the process that holds it; there others go on with what was left behind. */
const RECOVER_MS = 60_000;

/** Long-running: goes on with what others have left, performs what they hand in, and looks after times. */
export const serve: CommandHandler = (invocation) =>
  staying(invocation, async (app) => {
    await app.engine.recover();
    const { options } = invocation;
    const endReloads = await app.reloadWorkers(tellReload(invocation));
    const server = options['http'] === false ? undefined : await listen(app, invocation);
    if (options['work'] !== false) await app.performers.begin(classesOf(invocation));
    if (options['triggers'] !== false) app.inbox.begin();
    const ends = [app.maintainDaily(), ...(options['work'] === false ? [] : [app.keepWarm()])];
    if (app.store.kind === 'sqlite') ends.push(every(RECOVER_MS, () => app.engine.recover()));
    return async () => {
      for (const end of ends) end();
      await endReloads();
      await server?.close();
    };
  });

/** Only performs what others have handed in. */
export const work: CommandHandler = (invocation) =>
  staying(invocation, async (app) => {
    if (app.store.kind === 'sqlite') {
      throw usageError(
        'there is nothing to share: the store is a file of this machine',
        'set CADRE_STORE__URL to a PostgreSQL database, or use: cadre serve',
      );
    }
    await app.performers.begin(classesOf(invocation));
    const endReloads = await app.reloadWorkers(tellReload(invocation));
    const end = app.keepWarm();
    return async () => {
      end();
      await endReloads();
    };
  });

function tellReload({ output }: Invocation): (reload: Reload | SkillReload) => void {
  return (reload) => {
    const worker = 'worker' in reload ? reload.worker : `the skill ${reload.skill}`;
    switch (reload.kind) {
      case 'reloaded':
        return output.note(`${worker} ${reload.version} is used from now on`);
      case 'unloaded':
        return output.note(`${worker} ${reload.version} is there no more`);
      case 'failed':
        return output.note(plainText(reloadText({ ...reload, worker, message: reload.failure.message })));
    }
  };
}

async function staying(
  invocation: Invocation,
  begin: (app: App) => Promise<() => Promise<void>>,
): Promise<number> {
  const { io, output, options } = invocation;
  const performing = {
    ...numberOption(options, 'concurrency'),
    ...numberOption(options, 'weight'),
  };
  return withApp(
    invocation,
    async (app) => {
      const drainMs = parseDuration(app.config.work.drain);
      const stop = await begin(app);
      const classes = classesOf(invocation)?.join(', ') ?? 'everything';
      output.note(`performs ${options['work'] === false ? 'nothing' : classes} on ${app.store.place}`);
      app.log.info('began to perform', { classes, store: app.store.place });
      const letProcessEnd = stayAlive();
      await untilInterrupted(io.interrupted);
      letProcessEnd();
      output.note('takes nothing more and waits for what is under way; a second signal ends it at once');
      await stop();
      await app.drain(drainMs);
      app.log.info('has ended');
      return EXIT.ok;
    },
    undefined,
    performing,
  );
}

function classesOf({ options }: Invocation): readonly string[] | undefined {
  const named = options['class'];
  if (typeof named !== 'string') return undefined;
  const classes = named.split(',').map((name) => name.trim());
  if (classes.some((name) => name === '')) throw usageError('which classes?', 'cadre work --class cpu,llm');
  return [...new Set(classes)];
}

function numberOption(options: Invocation['options'], name: 'concurrency' | 'weight') {
  const given = options[name];
  if (given === undefined) return {};
  const number = Number(given);
  if (!(number > 0)) throw usageError(`--${name} is a number above 0, not '${String(given)}'`, `--${name} 4`);
  return { [name]: number };
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function stayAlive(): () => void {
  const timer = setInterval(() => undefined, 2 ** 31 - 1);
  return () => clearInterval(timer);
}

function every(ms: number, again: () => Promise<unknown>): () => void {
  const timer = setInterval(() => void again(), ms);
  return () => clearInterval(timer);
}
