import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { createPlaces } from '../../dispatch/create-places.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../../testing/sample-workflow.ts';
import { type Script, scriptedGate, succeed } from '../../testing/scripted-gate.ts';
import { type Engine, openEngine } from '../engine.ts';
import { thisProcess } from '../holder.ts';

/**
 * A process that is meant to be killed: takes over what others left, and runs workflows as long as it lives, or with
 * `finish` until nothing is left to go on with. What it does in the world are lines in a file. It says on standard output what it was
 * promised: `started ID` and `over ID STATUS`.
 */
const [folder = '.', task = 'work'] = process.argv.slice(2);
const AT_ONCE = 20;

const WORKFLOW = sampleWorkflow([
  sampleAction('first'),
  sampleStep('many', { kind: 'parallel', branches: [sampleAction('left'), sampleAction('right')] }),
  sampleStep('each', {
    kind: 'forEach',
    items: [1, 2, 3],
    as: 'item',
    steps: [sampleAction('lint', {}, { item: '${{ item }}' })],
  }),
  sampleAction('once'),
]);

const world = openSync(join(folder, 'world'), 'a');
const say = (line: string) => writeSync(1, `${line}\n`);

const act: Script = {
  effects: [{ kind: 'command', command: 'true', purpose: 'to be seen' }],
  async perform(call) {
    writeSync(world, `${call.run} ${call.step} ${call.attempt}\n`);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    return succeed(call.attempt);
  },
};

async function settle(engine: Engine, id: string): Promise<void> {
  for (;;) {
    const state = await engine.settled(id);
    if (state.status !== 'waiting') {
      say(`over ${id} ${state.status}`);
      return;
    }
    for (const step of state.waiting) await engine.answer(id, step, { by: 'user:ada', answer: 'retry' });
  }
}

async function startAndSettle(engine: Engine): Promise<void> {
  const id = await engine.start({
    workflow: WORKFLOW,
    inputs: {},
    mode: 'apply',
    trigger: { kind: 'manual' },
    principal: 'user:ada',
  });
  say(`started ${id}`);
  await settle(engine, id);
}

const clock = systemClock();
const store = await openSqliteStore(join(folder, 'cadre.db'));
const engine = openEngine({
  store,
  gate: scriptedGate({
    'sample/first': act,
    'sample/left': act,
    'sample/right': act,
    'sample/lint': act,
    'sample/once': { ...act, traits: { repeatable: false } },
  }),
  clock,
  workspace: { id: 'workspace', root: folder },
  places: createPlaces(() => AT_ONCE),
  holder: thisProcess(clock.newId('process')),
});
// What the engine loads late takes longer, from its sources, than these processes live.
await import('../open-holding.ts');
await import('../journal.ts');
say('ready');
const taken = await engine.recover();
say(`taken ${taken.length}`);
await Promise.all(taken.map((id) => settle(engine, id)));
if (task === 'work') {
  const work = async () => {
    for (;;) await startAndSettle(engine);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
await engine.close();
await store.close();
closeSync(world);
