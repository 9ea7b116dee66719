import { expect, test } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

test.each([
  ['tiemout', ['timeout', 'retry'], ['timeout']],
  ['comit', ['commit', 'commits', 'merge'], ['commit']],
  ['pth', ['path', 'paths'], ['path']],
  ['FORMAT', ['format', 'lint'], ['format']],
  ['form', ['format', 'from'], ['format', 'from']],
  ['x', ['y', 'z', 'format'], []],
  ['', ['a'], []],
  ['anything', [], []],
  ['git/comit', ['git/commit', 'got/commit'], ['git/commit', 'got/commit']],
])('%s among %j is meant as %j', (word, candidates, meant) => {
  expect(nearest(word, candidates)).toEqual(meant);
});

test('at most three are told, and none twice', () => {
  expect(nearest('test', ['tests', 'tester', 'text', 'tess', 'tests'])).toHaveLength(3);
  expect(didYouMean('tset', ['test', 'test'])).toBe('did you mean "test"?');
  expect(didYouMean('qqq', ['test'])).toBeUndefined();
});

test('a long word among thousands is found quickly', () => {
  const candidates = Array.from({ length: 5_000 }, (_, index) => `worker-${index}/action-${index}`);
  expect(nearest('worker-77/actoin-77', candidates)[0]).toBe('worker-77/action-77');
});
