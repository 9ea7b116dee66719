import { expect, test } from 'vitest';
import { rightToRelease } from './right-to-release.ts';

test.each([
  [{ self: 1, holder: 1, workspace: 2 }, 'forced by the owning user'],
  [{ self: 1, holder: 2, workspace: 1 }, 'forced by role admin'],
  [{ self: 1, holder: undefined, workspace: 1 }, 'forced by role admin'],
  [{ self: 1, holder: 2, workspace: 2 }, undefined],
  [{ self: 1, holder: undefined, workspace: undefined }, undefined],
  [{ self: undefined, holder: undefined, workspace: undefined }, 'forced by the owning user'],
])('[HYG-32] the owning user and the administrator may release a lease by force: %j', (users, right) => {
  expect(rightToRelease(users)).toBe(right);
});
