import { describe, expect, test } from 'vitest';
import { sampleStep, sampleWorkflow } from '../testing/sample-workflow.ts';
import { scriptedGate } from '../testing/scripted-gate.ts';
import { pinned, versionsFor } from './pinned-workers.ts';

const step = (id: string, uses: string) => sampleStep(id, { kind: 'action', uses, with: {} });

describe('[WRK-4] versions that a run keeps', () => {
  test('are all that its steps name and their actions call', () => {
    const gate = scriptedGate({
      'cnt/count@^1': { traits: { version: '1.0.0' } },
      'cnt/count@^3': { traits: { version: '3.0.0' } },
      'upper/go': { traits: { version: '0.1.0', called: { cnt: ['3.0.0', '2.0.0'] } } },
      'git/status': {},
    });
    const workflow = sampleWorkflow([
      step('a', 'cnt/count@^1'),
      step('b', 'cnt/count@^3'),
      step('c', 'upper/go'),
      step('d', 'git/status'),
      step('e', 'gone/away'),
    ]);
    expect(versionsFor(gate, workflow)).toEqual({ cnt: ['3.0.0', '2.0.0', '1.0.0'], upper: '0.1.0' });
    expect(versionsFor(gate, sampleWorkflow([step('d', 'git/status')]))).toBeUndefined();
  });

  test.each([
    ['cnt/count@^1', 'cnt/count@1.4.0'],
    ['cnt/count@1.0.0', 'cnt/count@1.0.0'],
    ['cnt/count@>=1 <4', 'cnt/count@3.0.0'],
    ['cnt/count', 'cnt/count@3.0.0'],
    // None of them is what the step wants: it says so where there is none, and does not get another one.
    ['cnt/count@^2', 'cnt/count@^2'],
    ['git/status@^1', 'git/status@^1'],
  ])('of several, %s gets the newest that fits: %s', (uses, expected) => {
    expect(pinned(uses, { cnt: ['3.0.0', '1.4.0', '1.0.0'] })).toBe(expected);
  });

  test('of a journal that names one for each worker are read as before', () => {
    expect(pinned('cnt/count@^1', { cnt: '1.2.0' })).toBe('cnt/count@1.2.0');
    expect(pinned('cnt/count', { cnt: '1.2.0' })).toBe('cnt/count@1.2.0');
    expect(pinned('cnt/count', undefined)).toBe('cnt/count');
  });
});
