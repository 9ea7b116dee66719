import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '../../clock.ts';
import { createPlaces } from '../../dispatch/create-places.ts';
import { openBossQueue } from '../../dispatch/open-boss-queue.ts';
import { openPostgresStore } from '../../stores/open-postgres-store.ts';
import { type Script, scriptedGate, succeed } from '../../testing/scripted-gate.ts';
import { openEngine } from '../engine.ts';
import { thisProcess } from '../holder.ts';

/**
 * A worker that is meant to be killed, stopped or ended. What it does in the world are lines in a file: `began RUN STEP
 * ATTEMPT` and `did RUN STEP ATTEMPT`. `sample/slow` takes as long as its input says.
 */
const [url = '', schema = '', world = '', atOnce = '4'] = process.argv.slice(2);

const act: Script = {
  async perform(call, signal) {
    const words = `${call.run} ${call.step} ${call.attempt} ${process.pid}\n`;
    appendFileSync(world, `began ${words}`);
    await setTimeout(Number(call.input['ms'] ?? 5), undefined, { signal }).catch(() => undefined);
    appendFileSync(world, `${signal.aborted ? 'stopped' : 'did'} ${words}`);
    return succeed(call.attempt);
  },
};

const clock = systemClock();
const store = await openPostgresStore(url, schema);
const engine = openEngine({
  store,
  gate: scriptedGate({ 'sample/slow': act, 'sample/once': { ...act, traits: { repeatable: false } } }),
  clock,
  places: createPlaces(() => Number(atOnce)),
  workspace: { id: 'workspace', root: '/workspace' },
  holder: thisProcess(clock.newId('process')),
  sharing: {
    shared: store.shared,
    queue: openBossQueue({
      store: store.shared,
      schema: `${schema}_work`,
      isLimited: () => false,
      failed: warn,
    }),
    knownClasses: ['io'],
    everywhere: () => undefined,
    warn,
  },
});

function warn(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
}

process.on('SIGTERM', async () => {
  await engine.close(5_000);
  await store.close();
  process.stdout.write('ended\n');
});
await engine.work();
process.stdout.write('ready\n');
