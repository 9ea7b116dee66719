import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Usage } from '../budget/usage.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { apply, restore } from './apply.ts';
import { decide } from './decide.ts';
import { answersTo, type NumberedEvent } from './events.ts';
import { isAside, isUndoing, nameOf, parentOf } from './path.ts';
import type { RunState, StepState } from './state.ts';
import { isOver } from './status.ts';
import { arbitraryWorkflow } from './testing/arbitrary-workflow.ts';
import { simulate } from './testing/simulation.ts';

type Simulation = ReturnType<typeof simulate>;

const RUNS = 300;

/** Many thousand decisions each; a busy machine takes its time. */
const PATIENT = { timeout: 300_000 };

/** More than any of these workflows needs; reaching it means that a run goes round for ever. */
const MOST_MOVES = 3000;

/** What the world does next, chosen by numbers from 0 to 1 that come in. */
function move(run: Simulation, chance: () => number): void {
  const pick = <T>(values: readonly T[]): T | undefined => values[Math.floor(chance() * values.length)];
  const what = chance();
  if (what < 0.01) {
    if (run.state().status !== 'cancelling') run.cancel();
    return;
  }
  if (what < 0.1) {
    const safe = chance() < 0.5;
    run.crash(() => safe);
    return;
  }
  const waiting = pick([...run.state().waiting].sort());
  const question = waiting === undefined ? undefined : run.step(waiting).question;
  if (what < 0.3 && waiting !== undefined && question !== undefined) {
    const answer = pick(answersTo(question)) ?? 'abort';
    run.answer(waiting, answer as 'allow');
    return;
  }
  if (what < 0.34) {
    run.signal(chance() < 0.7 ? 'told.now' : 'other', Math.floor(chance() * 3));
    return;
  }
  const path = pick([...run.performing.keys()].sort());
  if (what < 0.4 && path !== undefined) run.spend(path, someUsage(chance));
  else if (what < 0.85 && path !== undefined)
    end(run, path, chance(), chance() < 0.5 ? someUsage(chance) : undefined);
  else run.pass(chance() < 0.5 ? (run.wake() ?? 100) : 100);
}

/** The process may die between what is written down and what is decided from it. */
function severalMoves(run: Simulation, chance: () => number): void {
  for (let moves = 1 + Math.floor(chance() * 4); moves > 0; moves -= 1) move(run, chance);
}

function someUsage(chance: () => number): Usage {
  return {
    ...(chance() < 0.5 ? { cpuMs: Math.floor(chance() * 400) } : {}),
    ...(chance() < 0.5 ? { memoryBytes: 1 + Math.floor(chance() * 200) } : {}),
    ...(chance() < 0.5 ? { tokens: Math.floor(chance() * 20) } : {}),
    ...(chance() < 0.3 ? { money: { [chance() < 0.9 ? 'USD' : 'EUR']: '0.1' } } : {}),
  };
}

function end(run: Simulation, path: string, how: number, usage?: Usage): void {
  if (run.cancels().includes(path) && how < 0.8) run.cancelled(path);
  else if (how < 0.7) run.succeed(path, path, usage);
  else if (how < 0.82) run.fail(path, 'busy', { retryable: true });
  else if (how < 0.89) run.fail(path, 'broken');
  else if (how < 0.94) run.timeOut(path);
  else run.tell({ type: 'step.skipped', step: path, reason: 'nothing_to_do: there was nothing' });
}

function snapshot(state: RunState): string {
  return JSON.stringify(plain(state));
}

/** Sets in one order and without the agenda, so that two ways to the same state compare equal. */
function plain(state: RunState) {
  const {
    steps,
    running,
    retrying,
    waiting,
    pausing,
    failing,
    agenda: _,
    told: __,
    charged: ___,
    warned,
    allowed,
    timers,
    signals,
    ...rest
  } = state;
  const plainStep = ({ children, results, ...step }: StepState) => ({
    ...step,
    children: [...(children ?? [])].sort(),
    results: [...(results ?? [])].sort(([a], [b]) => a - b),
  });
  return {
    ...rest,
    signals: signals.toArray(),
    due: timers === undefined ? null : [timers.at, timers.path],
    steps: Object.fromEntries(
      [...steps].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, step]) => [path, plainStep(step)]),
    ),
    sets: [running, retrying, waiting, pausing, failing, warned, allowed].map((set) => [...set].sort()),
  };
}

/** The invariants of ledger.ts, counted afresh. */
function expectLedger(state: RunState): void {
  const begun = new Map<string, number>();
  const over = new Map<string, number>();
  for (const [path, step] of state.steps) {
    const container = parentOf(path);
    if (container === undefined || isAside(nameOf(path))) continue;
    begun.set(container, (begun.get(container) ?? 0) + 1);
    if (isOver(step.status)) over.set(container, (over.get(container) ?? 0) + 1);
  }
  for (const [path, step] of state.steps) {
    if (step.begun === undefined) continue;
    expect([path, step.begun, step.over]).toEqual([path, begun.get(path) ?? 0, over.get(path) ?? 0]);
  }
  const withStatus = (status: string) =>
    [...state.steps]
      .filter(([, step]) => step.status === status && step.begun === undefined)
      .map(([path]) => path)
      .sort();
  expect([...state.running].sort()).toEqual(withStatus('running'));
  expect([...state.retrying].sort()).toEqual(withStatus('retrying'));
  expect([...state.waiting].sort()).toEqual(withStatus('waiting'));
}

/**
 * (3): after its events were applied a decision at the same moment has nothing new to say; not even one that knows
 * nothing but the journal, so that a decision has looked at everything that it took off the agenda.
 */
function expectIdempotent(run: Simulation): void {
  const again = decide(run.workflow, run.state(), run.moment());
  const anew = decide(run.workflow, restore(run.events), run.moment());
  expect([...again.events, ...anew.events]).toEqual([]);
  const wakes = run.commands().filter((command) => command.type === 'wake');
  expect(again.commands).toEqual(wakes);
  expect(anew.commands.filter((command) => command.type !== 'cancel-step')).toEqual(wakes);
  const cancels = anew.commands.flatMap((command) => (command.type === 'cancel-step' ? [command.step] : []));
  expect(cancels).toEqual(run.cancels());
}

/** (1): a run that is not over has an attempt under way, a question to a person, or a time at which it goes on. */
function expectAlive(run: Simulation): void {
  const { status, running, waiting } = run.state();
  expect(run.wake() ?? 1).toBeGreaterThan(0);
  if (isOver(status)) expect([...running]).toEqual([]);
  else expect(running.size + waiting.size + (run.wake() === undefined ? 0 : 1)).toBeGreaterThan(0);
  expect([...run.performing.keys()].sort()).toEqual([...running].sort());
}

function live(workflow: Workflow, chance: () => number, mode: 'apply' | 'plan'): Simulation {
  const run = simulate(workflow, {
    mode,
    random: chance(),
    ...(chance() < 0.3 ? { asksForBudget: true } : {}),
  });
  run.go();
  for (let moves = 0; !isOver(run.state().status); moves += 1) {
    expectAlive(run);
    expectIdempotent(run);
    expectLedger(run.state());
    if (moves > MOST_MOVES) throw new Error('the run does not end');
    if (chance() < 0.8) move(run, chance);
    else run.together(() => severalMoves(run, chance));
  }
  expectAlive(run);
  expectLedger(run.state());
  return run;
}

/** A repeatable source of chance out of one number (mulberry32, public domain). */
function chanceFrom(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const seed = fc.integer();
const mode = fc.constantFrom('apply' as const, 'apply' as const, 'apply' as const, 'plan' as const);

test('every run ends, or has something that it goes on with, whatever happens to it', PATIENT, () => {
  fc.assert(
    fc.property(arbitraryWorkflow({ calm: false }), seed, mode, (workflow, from, how) => {
      live(workflow, chanceFrom(from), how);
    }),
    { numRuns: RUNS },
  );
});

test('replaying the events, also after they were stored as JSON, gives the same state', PATIENT, () => {
  fc.assert(
    fc.property(arbitraryWorkflow({ calm: false }), seed, (workflow, from) => {
      const run = live(workflow, chanceFrom(from), 'apply');
      const stored = JSON.parse(JSON.stringify(run.events)) as NumberedEvent[];
      expect(plain(restore(stored))).toEqual(plain(run.state()));
    }),
    { numRuns: RUNS / 2 },
  );
});

test('apply and decide leave the state that they are given as it was', PATIENT, () => {
  fc.assert(
    fc.property(arbitraryWorkflow({ calm: false }), seed, (workflow, from) => {
      const run = live(workflow, chanceFrom(from), 'apply');
      let state: RunState | undefined;
      for (const event of run.events) {
        const before = state;
        const taken = before === undefined ? '' : snapshot(before);
        if (before !== undefined) expectWhole(workflow, before, run);
        state = apply(before, event);
        if (before !== undefined) expect(snapshot(before)).toBe(taken);
      }
    }),
    { numRuns: RUNS / 10 },
  );
});

/** The state that a decision gives is the one that its events lead to. */
function expectWhole(workflow: Workflow, before: RunState, run: Simulation): void {
  const { events, state } = decide(workflow, before, run.moment());
  const applied = events.reduce((at, event) => apply(at, { number: at.number + 1, ...event }), before);
  expect(snapshot(state)).toBe(snapshot(applied));
}

test('a run that is over stays as it is: nothing can be applied and nothing is decided', PATIENT, () => {
  fc.assert(
    fc.property(arbitraryWorkflow({ calm: false }), seed, (workflow, from) => {
      const run = live(workflow, chanceFrom(from), 'apply');
      for (const event of run.events) {
        expect(() => apply(run.state(), { ...event, number: run.events.length + 1 })).toThrow('bug');
      }
      expect(decide(workflow, run.state(), run.moment())).toEqual({
        events: [],
        state: run.state(),
        commands: [],
      });
    }),
    { numRuns: RUNS / 4 },
  );
});

/** Whether a later event opened a container around a step again, which forgets what was done inside. */
function opened(path: string, event: NumberedEvent): boolean {
  return event.type === 'step.opened' && path.startsWith(`${event.step}/`);
}

test(
  'no step whose success was appended is performed again, unless a container around it is opened again',
  PATIENT,
  () => {
    fc.assert(
      fc.property(arbitraryWorkflow({ calm: false }), seed, (workflow, from) => {
        const run = live(workflow, chanceFrom(from), 'apply');
        let done = new Set<string>();
        for (const event of run.events) {
          if (event.type === 'step.started') expect(done.has(event.step)).toBe(false);
          if (event.type === 'step.succeeded' || event.type === 'step.skipped') done.add(event.step);
          done = new Set([...done].filter((path) => !opened(path, event)));
        }
      }),
      { numRuns: RUNS },
    );
  },
);

test(
  'after a cancellation nothing begins that is not in `finally`, unless it undoes what had failed before',
  PATIENT,
  () => {
    fc.assert(
      fc.property(arbitraryWorkflow({ calm: false }), seed, (workflow, from) => {
        const run = live(workflow, chanceFrom(from), 'apply');
        const at = run.events.findIndex((event) => event.type === 'run.cancelling');
        const begun = run.events
          .slice(at === -1 ? run.events.length : at)
          .flatMap((event) => (event.type === 'step.started' ? [event.step] : []));
        const undoing = run.events.findIndex((event) => event.type === 'run.compensating');
        const mayUndo = undoing !== -1 && undoing < at;
        const others = begun.filter((path) => !path.startsWith('~finally/') && !(mayUndo && isUndoing(path)));
        expect(others).toEqual([]);
        if (at !== -1) expect(run.state().status).toBe('cancelled');
      }),
      { numRuns: RUNS },
    );
  },
);

/** Ends every attempt in an order of its own, each by its path alone. */
function finish(workflow: Workflow, chance: () => number): Simulation {
  const run = simulate(workflow, { random: 0 });
  run.go();
  while (!isOver(run.state().status)) {
    const open = [...run.performing.keys(), ...run.state().waiting].sort();
    const path = open[Math.floor(chance() * open.length)];
    if (path === undefined) run.pass(run.wake() ?? 1);
    else if (run.state().waiting.has(path)) run.answer(path, 'allow');
    else if (path.length % 5 === 0) run.fail(path);
    else run.succeed(path, path);
  }
  return run;
}

test('[WRK-36] what a run gives does not depend on the order in which its steps finish', PATIENT, () => {
  const outcome = ({ state }: Simulation) => {
    const { status, output, failure, steps } = state();
    const results = [...steps].map(([path, step]) => [path, step.status, step.output ?? null]);
    return { status, output, failure, results: results.sort() };
  };
  fc.assert(
    fc.property(arbitraryWorkflow({ calm: true }), seed, seed, (workflow, one, another) => {
      expect(outcome(finish(workflow, chanceFrom(one)))).toEqual(
        outcome(finish(workflow, chanceFrom(another))),
      );
    }),
    { numRuns: RUNS },
  );
});
