import type { JsonValue } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { simulate } from '../testing/simulation.ts';
import { actionOf, stepOf, workflowOf } from '../testing/workflow-of.ts';

test('inputs, run, trigger and workspace are in scope', () => {
  const input = { all: '${{ [inputs.n, run.id, run.startedAt, event.type, workspace.name] }}' };
  const run = simulate(workflowOf([actionOf('a', {}, input)]), { inputs: { n: 1 } });
  run.go();
  expect(run.performing.get('a')?.input).toEqual({ all: [1, 'run_1', 1_000_000, 'manual', 'here'] });
});

test('a secret stays a reference in the command and in the journal', () => {
  const run = simulate(workflowOf([actionOf('a', {}, { token: '${{ secrets.TOKEN }}' })]));
  run.go();
  expect(run.performing.get('a')?.input).toEqual({ token: { $secret: 'TOKEN' } });
});

test('env and idempotencyKey are evaluated; what is no text is refused', () => {
  const more = { env: { N: '${{ inputs.n }}', ON: '${{ true }}' }, idempotencyKey: 'order-${{ inputs.n }}' };
  const run = simulate(workflowOf([actionOf('a', more)]), { inputs: { n: 7 } });
  run.go();
  expect(run.performing.get('a')).toMatchObject({ env: { N: '7', ON: 'true' }, idempotencyKey: 'order-7' });
  const bad = simulate(workflowOf([actionOf('a', { env: { LIST: '${{ [1] }}' } })]));
  bad.go();
  expect(bad.state().failure).toMatchObject({ code: 'invalid_expression' });
  expect(bad.state().failure?.message).toContain('env.LIST');
});

test('the time limit and permissions of a step are part of its command', () => {
  const run = simulate(workflowOf([actionOf('a', { timeoutMs: 5, permissions: ['fs:read:.'] })]));
  run.go();
  expect(run.performing.get('a')).toMatchObject({ timeoutMs: 5, permissionSets: [['fs:read:.']] });
});

test('[WRK-17] what stands around a step narrows it, whatever it says itself; what mends a step is not its work', () => {
  const then = 'continue' as const;
  const inside = actionOf('b', {
    permissions: ['net:*'],
    onError: { kind: 'recover', steps: [actionOf('mend')], then },
  });
  const list = stepOf(
    'each',
    { kind: 'forEach', items: [1], as: 'one', steps: [inside] },
    {
      permissions: ['fs:read:.'],
    },
  );
  const run = simulate(
    workflowOf([
      stepOf('all', { kind: 'parallel', branches: [list, actionOf('c')] }, { permissions: ['fs:write:.'] }),
    ]),
  );
  run.go();
  const [path = ''] = [...run.performing.keys()].filter((one) => one.endsWith('/b'));
  expect(run.performing.get(path)).toMatchObject({
    permissionSets: [['fs:write:.'], ['fs:read:.'], ['net:*']],
  });
  expect(run.performing.get('all/c')).toMatchObject({ permissionSets: [['fs:write:.']] });
  run.fail(path);
  run.go();
  expect(run.performing.get(`${path}/~recover/mend`)).toMatchObject({
    permissionSets: [['fs:write:.'], ['fs:read:.']],
  });
});

test('a step inside a branch or a parallel can be read by its id from outside', () => {
  const steps = [
    stepOf('both', { kind: 'parallel', branches: [actionOf('left')] }),
    stepOf('kind', {
      kind: 'choose',
      branches: [{ if: '${{ false }}', steps: [actionOf('no')] }, { steps: [actionOf('yes')] }],
    }),
    actionOf('last', {}, { seen: '${{ [steps.left.output, steps.yes.output, steps.no.status] }}' }),
  ];
  const run = simulate(workflowOf(steps));
  run.go();
  run.succeed('both/left', 1);
  run.succeed('kind/1/yes', 2);
  expect(run.performing.get('last')?.input).toEqual({ seen: [1, 2, 'pending'] });
});

test('inside a forEach a step means that of the same element, and outside of it there is none', () => {
  const steps = [actionOf('first'), actionOf('second', {}, { from: '${{ steps.first.output }}' })];
  const each = stepOf('each', { kind: 'forEach', items: ['x', 'y'], as: 'item', steps });
  const run = simulate(workflowOf([each, actionOf('outside', {}, { from: '${{ steps.first.output }}' })]));
  run.go();
  run.succeed('each/1/first', 'from y');
  run.succeed('each/0/first', 'from x');
  expect(run.performing.get('each/0/second')?.input).toEqual({ from: 'from x' });
  expect(run.performing.get('each/1/second')?.input).toEqual({ from: 'from y' });
  run.succeed('each/0/second');
  run.succeed('each/1/second');
  expect(run.state().failure).toMatchObject({ code: 'invalid_expression', details: { step: 'outside' } });
});

test('`failure` is null where nothing has failed', () => {
  const run = simulate(workflowOf([actionOf('a', { if: '${{ failure == null }}' })]));
  run.go();
  expect(run.status('a')).toBe('running');
});

test('attempts of a step are in scope', () => {
  const run = simulate(workflowOf([actionOf('a'), actionOf('b', {}, { n: '${{ steps.a.attempts }}' })]));
  run.go();
  run.crash(() => true);
  run.succeed('a');
  expect(run.performing.get('b')?.input).toEqual({ n: 2 });
});

describe('the shard of a step', () => {
  const attemptOf = (run: ReturnType<typeof simulate>) => {
    const attempt = run.performing.get('a');
    return attempt?.type === 'perform-step' ? attempt : undefined;
  };
  const shardFor = (shard: string, given: JsonValue) => {
    const run = simulate(workflowOf([actionOf('a', { shard })]), { inputs: { given } });
    run.go();
    return { shard: attemptOf(run)?.shard, failure: run.state().failure };
  };

  test('is evaluated when it begins; a number is one too, and nothing is none [WRK-127]', () => {
    expect(shardFor('${{ inputs.given }}', 'shop').shard).toBe('shop');
    expect(shardFor('${{ inputs.given }}', 7).shard).toBe('7');
    expect(shardFor('customer ${{ inputs.given }}', 7).shard).toBe('customer 7');
    for (const nothing of ['', null]) {
      const { shard, failure } = shardFor('${{ inputs.given }}', nothing);
      expect(shard).toBeUndefined();
      expect(failure).toBeUndefined();
    }
  });

  test('that is no text or number, or too long, fails the step and says what to do', () => {
    expect(shardFor('${{ inputs.given }}', ['a']).failure).toMatchObject({
      code: 'invalid_expression',
      message: expect.stringContaining(`shard of 'a' is ["a"], which is no text or number`),
      hint: expect.stringContaining('one thing that the step works on'),
    });
    expect(shardFor('${{ inputs.given }}', 'x'.repeat(200)).shard).toHaveLength(200);
    expect(shardFor('${{ inputs.given }}', 'x'.repeat(201)).failure).toMatchObject({
      code: 'invalid_expression',
      message: expect.stringContaining('more than 200 characters'),
      hint: expect.stringContaining('hash('),
    });
  });

  test('stands in no key of a kept result', () => {
    const wishFor = (more: object) => {
      const run = simulate(workflowOf([actionOf('a', { cache: { key: 'k', ttlMs: 1 }, ...more })]));
      run.go();
      return attemptOf(run)?.cache;
    };
    expect(wishFor({ shard: 'one' })).toEqual(wishFor({}));
  });
});
