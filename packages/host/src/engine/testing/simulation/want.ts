import { answersTo, isCadreError, type RunState } from '@cadre/core';
import type { Engine } from '../../engine.ts';
import type { Chance } from './chance.ts';
import type { Life } from './schedule.ts';
import { SIMULATED, simulatedWorkflow } from './simulated-workflows.ts';

export interface Wishing {
  readonly chance: Chance;
  readonly open: readonly (readonly [string, RunState])[];
  /** Those that can be asked. */
  readonly processes: readonly { readonly life: Life; readonly engine: Engine }[];
  /** Anything is wanted; else only what brings runs to their end. */
  readonly wild: boolean;
  readonly wish: (asked: Promise<unknown>) => void;
}

const MOST_OPEN = 6;
const ADA = 'user:ada';

/** A person wants something of some process; answers what. */
export function want({ chance, open, processes, wild, wish }: Wishing): string {
  const one = chance.pick(processes);
  if (one === undefined) return 'nobody is there';
  const { engine, life } = one;
  const [run, state] = chance.pick(open) ?? [];
  if (wild && (run === undefined || (chance.happens(0.5) && open.length < MOST_OPEN))) {
    const workflow = chance.pick(Object.values(SIMULATED)) ?? simulatedWorkflow('wide');
    const trigger = { kind: 'manual' };
    wish(engine.start({ workflow, inputs: {}, mode: 'apply', trigger, principal: ADA }));
    return `${life.id}: somebody starts ${workflow.name}`;
  }
  if (run === undefined || state === undefined) return 'nothing is wanted';
  if (wild && chance.happens(0.15)) {
    wish(engine.cancel(run, ADA, 'enough'));
    return `${life.id}: somebody cancels ${run}`;
  }
  const step = chance.pick([...state.waiting].sort());
  if (step === undefined) return 'nothing is asked';
  const question = state.steps.get(step)?.question;
  if (question === undefined) {
    wish(engine.signal(run, ADA, 'told.now', null));
    return `${life.id}: somebody tells ${run} something`;
  }
  const answers = answersTo(question);
  const answer = (wild ? chance.pick(answers) : answers.at(-1)) ?? 'abort';
  wish(engine.answer(run, step, { by: ADA, answer: answer as 'abort' }));
  return `${life.id}: somebody answers ${run} ${step} with ${answer}`;
}

/**
 * What was wanted may come too late, another process may hold the run, and one that ends takes nothing on; anything else
 * nobody could expect.
 */
export function unexpected(error: unknown): unknown {
  const expected = [
    'run_over',
    'invalid_input',
    'lease_held',
    'run_not_found',
    'group_busy',
    'store_unavailable',
  ];
  return isCadreError(error) && expected.includes(error.code) ? undefined : error;
}
