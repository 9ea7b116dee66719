import fc from 'fast-check';
import type {
  Budget,
  OnError,
  Retry,
  Step,
  StepCommon,
  StepKind,
  Workflow,
} from '../../workflow/workflow.ts';
import { stepOf, workflowOf } from './workflow-of.ts';

/** A step before it has an id: ids must be unique in the workflow, so they are given afterwards. */
interface Seed {
  readonly kind:
    | 'action'
    | 'parallel'
    | 'forEach'
    | 'repeat'
    | 'choose'
    | 'wait'
    | 'workflow'
    | 'check'
    | 'approval'
    | 'unbuilt';
  readonly inside: readonly Seed[];
  readonly recovery: readonly Seed[];
  readonly onError: 'abort' | 'continue' | 'defer' | 'escalate' | 'recover' | 'routes';
  readonly undone: boolean;
  readonly afterwards: 'retry' | 'continue';
  readonly condition: 'none' | 'false' | 'earlier' | 'broken';
  readonly retry: Retry | undefined;
  readonly number: number;
  readonly deadline: boolean;
  readonly timeout: boolean;
  readonly held: boolean;
  readonly budget: Budget | undefined;
}

export interface WorkflowOptions {
  /** Nothing in the workflow depends on what ends first: no failure ends or cancels anything. */
  readonly calm: boolean;
}

/** For tests: any workflow, small enough to be gone through many times. */
export function arbitraryWorkflow({ calm }: WorkflowOptions): fc.Arbitrary<Workflow> {
  const seeds = seedsOf(calm);
  const list = fc.array(seeds, { maxLength: 4 });
  return fc
    .record({
      steps: fc.array(seeds, { minLength: 1, maxLength: 5 }),
      onFailure: list,
      last: list,
      mode: fc.constantFrom('sequence' as const, 'graph' as const),
      wallMs: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        { weight: calm ? 0 : 1, arbitrary: fc.integer({ min: 1, max: 20_000 }) },
      ),
      budget: calm ? fc.constant(undefined) : budgets(),
    })
    .map(({ steps, onFailure, last, mode, wallMs, budget }) => {
      const grow = grower(mode === 'graph');
      return workflowOf(grow(steps), {
        mode,
        onFailure: grow(onFailure.slice(0, 2)),
        finally: grow(last.slice(0, 2)),
        ...(wallMs === undefined && budget === undefined
          ? {}
          : { budget: { ...budget, ...(wallMs === undefined ? {} : { wallMs }) } }),
      });
    });
}

function seedsOf(calm: boolean): fc.Arbitrary<Seed> {
  const { seed } = fc.letrec<{ seed: Seed; some: readonly Seed[] }>((tie) => ({
    some: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('seed'), { maxLength: 3 })),
    seed: fc.record({
      kind: fc.oneof(
        { weight: 15, arbitrary: fc.constant('action' as const) },
        {
          weight: 12,
          arbitrary: fc.constantFrom('parallel' as const, 'forEach' as const, 'choose' as const),
        },
        { weight: calm ? 2 : 5, arbitrary: fc.constant('repeat' as const) },
        { weight: 3, arbitrary: fc.constant('workflow' as const) },
        {
          weight: calm ? 0 : 4,
          arbitrary: fc.constant('wait' as const),
        },
        { weight: 6, arbitrary: fc.constantFrom('check' as const, 'approval' as const) },
        { weight: calm ? 0 : 1, arbitrary: fc.constant('unbuilt' as const) },
      ),
      inside: tie('some'),
      recovery: tie('some'),
      onError: calm
        ? fc.constant('continue' as const)
        : fc.constantFrom<Seed['onError'][]>(
            'abort',
            'abort',
            'continue',
            'defer',
            'recover',
            'escalate',
            'routes',
          ),
      undone: fc.integer({ min: 0, max: calm ? 0 : 5 }).map((number) => number === 1),
      afterwards: fc.constantFrom('retry' as const, 'continue' as const),
      condition: fc.oneof(
        { weight: 12, arbitrary: fc.constant('none' as const) },
        { weight: 3, arbitrary: fc.constant('false' as const) },
        { weight: calm ? 0 : 3, arbitrary: fc.constant('earlier' as const) },
        { weight: calm ? 0 : 1, arbitrary: fc.constant('broken' as const) },
      ),
      retry: fc.option(retries(), { nil: undefined }),
      number: fc.nat({ max: 5 }),
      deadline: fc.boolean(),
      timeout: calm ? fc.constant(false) : fc.boolean(),
      budget: calm ? fc.constant(undefined) : budgets(),
      held: calm ? fc.constant(false) : fc.boolean(),
    }),
  }));
  return seed;
}

/** Small enough to be used up. */
function budgets(): fc.Arbitrary<Budget | undefined> {
  const some = fc.record(
    {
      wallMs: fc.constant(4_000),
      cpuMs: fc.integer({ min: 0, max: 900 }),
      memoryBytes: fc.integer({ min: 1, max: 300 }),
      tokens: fc.integer({ min: 0, max: 60 }),
      money: fc.constantFrom({ amount: '0.25', currency: 'USD' }, { amount: '1', currency: 'EUR' }),
      actions: fc.integer({ min: 0, max: 8 }),
    },
    { requiredKeys: [] },
  );
  return fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: some });
}

function retries(): fc.Arbitrary<Retry> {
  return fc.record({
    attempts: fc.integer({ min: 1, max: 3 }),
    delayMs: fc.constantFrom(0, 1000),
    backoff: fc.constantFrom(1, 2),
    maxDelayMs: fc.constant(5000),
    jitter: fc.constantFrom('full' as const, 'none' as const),
    on: fc.constantFrom<string[][]>([], ['timed_out'], ['interrupted'], ['invalid_expression', 'broken']),
  });
}

function grower(graph: boolean): (seeds: readonly Seed[]) => Step[] {
  let count = 0;
  const earlier: string[] = [];

  const grow = (seeds: readonly Seed[]): Step[] => {
    const siblings: string[] = [];
    return seeds.map((seed) => {
      const id = `s${count}`;
      count += 1;
      const step = stepOf(id, kindOf(seed), commonOf(seed, siblings));
      siblings.push(id);
      earlier.push(id);
      return step;
    });
  };

  function commonOf(seed: Seed, siblings: readonly string[]): Partial<StepCommon> {
    const condition = conditionOf(seed);
    const need = siblings[seed.number];
    const holder = siblings[seed.number - 1];
    const undoing = seed.undone
      ? grow([{ ...seed, kind: 'action', undone: false, inside: [], recovery: [] }])
      : [];
    return {
      ...(undoing.length === 0 ? {} : { compensate: undoing }),
      onError: onErrorOf(seed),
      ...(condition === undefined ? {} : { if: condition }),
      ...(seed.retry === undefined ? {} : { retry: seed.retry }),
      ...(seed.timeout ? { timeoutMs: 1500 } : {}),
      ...(seed.budget === undefined ? {} : { budget: seed.budget }),
      ...(graph && need !== undefined ? { needs: [need] } : {}),
      ...(seed.held && holder !== undefined ? { heldBy: [holder] } : {}),
    };
  }

  function onErrorOf({ onError, recovery, afterwards }: Seed): OnError {
    if (onError === 'routes') {
      const routes = [
        { on: ['bro*'], route: { kind: 'continue' as const } },
        { on: ['timed_out', 'max_reached'], route: mend(recovery, afterwards) },
        {
          severity: 'high' as const,
          route: { kind: 'escalate' as const, default: 'continue' as const, deadlineMs: 500 },
        },
      ];
      return { kind: 'routes', routes };
    }
    return onError === 'recover' ? mend(recovery, afterwards) : { kind: onError };
  }

  function mend(recovery: Seed['recovery'], afterwards: Seed['afterwards']) {
    // biome-ignore lint/suspicious/noThenProperty: it is a key of the workflow language.
    return { kind: 'recover' as const, steps: grow(recovery), then: afterwards };
  }

  function conditionOf(seed: Seed): string | undefined {
    if (seed.condition === 'none') return undefined;
    if (seed.condition === 'false') return '${{ false }}';
    if (seed.condition === 'broken') return '${{ inputs.nothing.here }}';
    const read = earlier[seed.number];
    return read === undefined ? undefined : `\${{ steps.${read}.status != 'failed' }}`;
  }

  function kindOf(seed: Seed): StepKind {
    switch (seed.kind) {
      case 'action':
        return { kind: 'action', uses: 'sample/any', with: {} };
      case 'parallel':
        return { kind: 'parallel', branches: grow(seed.inside) };
      case 'forEach': {
        const items = Array.from({ length: seed.number }, (_, index) => index);
        return {
          kind: 'forEach',
          items,
          as: 'item',
          atMost: 1 + (seed.number % 3),
          steps: grow(seed.inside),
        };
      }
      case 'choose':
        return {
          kind: 'choose',
          branches: seed.inside.map((inner, index) => ({
            if: `\${{ ${index >= seed.number} }}`,
            steps: grow([inner]),
          })),
        };
      case 'repeat':
        return {
          kind: 'repeat',
          ...(seed.deadline
            ? { until: `\${{ iteration >= ${seed.number} }}` }
            : { while: `\${{ iteration < ${seed.number} }}` }),
          max: 1 + seed.number,
          ...(seed.timeout ? { everyMs: 700 } : {}),
          steps: grow(seed.inside),
        };
      case 'wait':
        return seed.deadline
          ? { kind: 'wait', forMs: seed.number * 400 }
          : { kind: 'wait', event: 'told.*', when: '${{ event.data != 1 }}', deadlineMs: 2500 };
      case 'workflow':
        return { kind: 'workflow', workflow: 'other', with: { number: seed.number } };
      case 'check':
        return { kind: 'check', conditions: [{ that: `\${{ ${seed.number > 0} }}` }] };
      case 'approval':
        return {
          kind: 'approval',
          prompt: 'Go on?',
          default: seed.number > 2 ? 'allow' : 'deny',
          ...(seed.deadline ? { deadlineMs: 3000 } : {}),
        };
      case 'unbuilt':
        return { kind: 'unbuilt', key: 'plan', written: {} };
    }
  }

  return grow;
}
