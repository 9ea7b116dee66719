import { expect, test } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

test('finds words with a typing mistake, best first, and nothing when nothing is near', () => {
  expect(nearest('coverge', ['coverage', 'commit', 'converge'])).toEqual(['converge', 'coverage']);
  expect(nearest('pakcage', ['package'])).toEqual(['package']);
  expect(nearest('LEVEL', ['level'])).toEqual(['level']);
  expect(nearest('xyz', ['coverage'])).toEqual([]);
  expect(nearest('', ['a', 'long'])).toEqual(['a']);
  expect(didYouMean('jbos', ['jobs', 'jars'])).toBe('did you mean jobs?');
  expect(didYouMean('zzz', ['jobs'])).toBeUndefined();
});
