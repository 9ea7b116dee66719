import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineWorkflow } from './define-workflow.ts';
import type { StepSpec } from './document.ts';
import { dependencies, findCycle, waves } from './graph.ts';

function workflow(mode: 'sequence' | 'graph', steps: StepSpec[]) {
  return defineWorkflow({
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: { name: 'sample' },
    spec: { mode, steps },
  });
}

const STEPS: StepSpec[] = [
  { id: 'push', run: 'x', needs: ['test', 'lint'] },
  { id: 'format', run: 'x' },
  { id: 'test', run: 'x', if: "${{ steps.format.status == 'succeeded' }}" },
  {
    id: 'all',
    forEach: '${{ steps.format.output }}',
    steps: [{ id: 'lint', run: 'x', env: { A: '${{ steps.other.output }}' } }],
  },
  { id: 'other', run: 'x' },
  {
    id: 'undo',
    run: 'x',
    // biome-ignore lint/suspicious/noThenProperty: the language's own word
    onError: { recover: [{ id: 'mend', run: 'x', needs: ['test'] }], then: 'retry' },
  },
];

test('in a graph a step needs what it names, and what it or a step inside it reads [WRK-34]', () => {
  expect(Object.fromEntries(dependencies(workflow('graph', STEPS)))).toEqual({
    push: ['test', 'all'],
    format: [],
    test: ['format'],
    all: ['format', 'other'],
    other: [],
    undo: ['test'],
  });
  expect(waves(workflow('graph', STEPS))).toEqual([
    ['format', 'other'],
    ['test', 'all'],
    ['push', 'undo'],
  ]);
});

test('in a sequence a step needs the one before it [WRK-34]', () => {
  const sequence = workflow('sequence', [
    { id: 'a', run: 'x' },
    { id: 'b', run: 'x' },
    { id: 'c', run: 'x' },
  ]);
  expect([...dependencies(sequence)]).toEqual([
    ['a', []],
    ['b', ['a']],
    ['c', ['b']],
  ]);
  expect(waves(sequence)).toEqual([['a'], ['b'], ['c']]);
});

test('steps of a cycle stand in no wave', () => {
  const cyclic = workflow('graph', [
    { id: 'a', run: 'x', needs: ['b'] },
    { id: 'b', run: 'x', needs: ['a'] },
    { id: 'c', run: 'x' },
  ]);
  expect(waves(cyclic)).toEqual([['c']]);
});

const graph = fc
  .array(fc.uniqueArray(fc.nat({ max: 11 }), { maxLength: 4 }), { maxLength: 12 })
  .map(
    (needs) =>
      new Map(
        needs.map((ids, index) => [`s${index}`, ids.filter((id) => id < needs.length).map((id) => `s${id}`)]),
      ),
  );

test('a cycle is found exactly when the waves leave steps out, and it is one', () => {
  fc.assert(
    fc.property(graph, (needs) => {
      const steps = [...needs].map(
        ([id, ids]): StepSpec => ({ id, run: 'x', needs: ids.filter((need) => need !== id) }),
      );
      const withoutSelf = new Map(steps.map((step) => [step.id ?? '', step.needs ?? []]));
      const cycle = findCycle(withoutSelf);
      const placed = steps.length === 0 ? [] : waves(workflow('graph', steps)).flat();
      expect(cycle === undefined).toBe(placed.length === steps.length);
      const pairs = (cycle ?? []).slice(1).map((to, index) => [cycle?.[index] ?? '', to] as const);
      expect(pairs.every(([from, to]) => withoutSelf.get(from)?.includes(to))).toBe(true);
      expect(cycle?.[0]).toBe(cycle?.at(-1));
    }),
  );
});

test('in every wave all needs stand in waves before it', () => {
  fc.assert(
    fc.property(graph, (needs) => {
      if (needs.size === 0) return;
      const result = waves(
        workflow(
          'graph',
          [...needs].map(([id, ids]): StepSpec => ({ id, run: 'x', needs: ids })),
        ),
      );
      const done = new Set<string>();
      for (const wave of result) {
        for (const id of wave)
          expect((needs.get(id) ?? []).filter((need) => need !== id && !done.has(need))).toEqual([]);
        for (const id of wave) done.add(id);
      }
    }),
  );
});

test('a chain of ten thousand steps does not break the stack', () => {
  const chain = new Map(
    Array.from({ length: 10_000 }, (_, index) => [`s${index}`, index === 0 ? ['s9999'] : [`s${index - 1}`]]),
  );
  expect(findCycle(chain)).toHaveLength(10_001);
});
