import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { createPlaces } from '../../dispatch/create-places.ts';
import { openSqliteStore } from '../../stores/open-sqlite-store.ts';
import { earlyAnswers } from '../../testing/early-answers.ts';
import { sampleAction, sampleStep, sampleWorkflow } from '../../testing/sample-workflow.ts';
import { type Script, scriptedGate, succeed } from '../../testing/scripted-gate.ts';
import { type Engine, openEngine } from '../engine.ts';
import { thisProcess } from '../holder.ts';

/**
 * A process that is meant to be killed: waits until it is let go, by a word on standard input, takes over what others left,
 * and runs workflows: with `work` as long as it lives, with `once` some of them, with `finish` none. What it does in the world
 * are lines in a file. It says on standard output what it was promised: `started ID` and `over ID STATUS`.
 */
const [folder = '.', task = 'work', fault] = process.argv.slice(2);
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

// What the engine loads late is loaded before, too.
await import('../open-holding.ts');
await import('../journal.ts');
say('loaded');
// Nobody has let it go when its parent is gone.
if (readSync(0, Buffer.alloc(2)) === 0) process.exit(1);
const clock = systemClock();
const opened = await openSqliteStore(join(folder, 'cadre.db'));
const store = fault === 'early-answers' ? earlyAnswers(opened) : opened;
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
say('ready');
const taken = await engine.recover();
say(`taken ${taken.length}`);
await Promise.all(taken.map((id) => settle(engine, id)));
const work = async () => {
  do await startAndSettle(engine);
  while (task === 'work');
};
if (task !== 'finish') await Promise.all(Array.from({ length: AT_ONCE }, work));
await engine.close();
await store.close();
closeSync(world);
