import { describe, expect, test } from 'vitest';
import { parsePermission, placePermission } from './permission.ts';
import { decidePermission, deniedWithin, type Policy, placePolicy, policyFor } from './policy.ts';

const places = { workspace: '/ws', home: '/home/ann', data: '/data/w' };

function wanted(text: string) {
  const parsed = parsePermission(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return placePermission(parsed.permission, places);
}

const decide = (policy: Partial<Policy>, text: string, builtIn = true) =>
  decidePermission(
    placePolicy(policyFor({ builtIn }, { allow: [], ask: [], deny: [], ...policy }), places),
    wanted(text),
  );

describe('the policy', () => {
  test.each([
    'fs:read:.',
    'fs:write:src',
    'shell:git',
  ])('a worker in the box has %s without being asked', (text) => {
    expect(decide({}, text).decision).toBe('allow');
  });

  test.each([
    'net:example.org:443',
    'secret:TOKEN',
    'env:HOME',
    'fs:read:~/x',
    'fs:read:/etc',
  ])('a worker in the box is asked for %s', (text) => {
    expect(decide({}, text).decision).toBe('ask');
  });

  test.each(['fs:read:.', 'shell:git', 'net:example.org:443'])('any other worker is asked for %s', (text) => {
    expect(decide({}, text, false).decision).toBe('ask');
  });

  test('deny beats ask, ask beats allow, and the rule is named as it was written', () => {
    const policy = { allow: ['net:*'], ask: ['net:*:80'], deny: ['net:evil.org'] };
    expect(decide(policy, 'net:example.org:443')).toMatchObject({
      decision: 'allow',
      rule: 'policy.allow net:*',
    });
    expect(decide(policy, 'net:example.org:80').decision).toBe('ask');
    expect(decide(policy, 'net:evil.org:80')).toMatchObject({
      decision: 'deny',
      rule: 'policy.deny net:evil.org',
    });
  });

  test('rules about the same place hold whatever realm they are written in', () => {
    expect(decide({ deny: ['fs:write:/ws/src'] }, 'fs:write:src/a').decision).toBe('deny');
  });

  test('a denied part inside something allowed is found', () => {
    const policy = placePolicy({ allow: [], ask: [], deny: ['fs:read:.env', 'fs:read:/etc'] }, places);
    expect(deniedWithin(policy, wanted('fs:write:.')).map(({ scope }) => scope)).toEqual(['/ws/.env']);
  });

  test('a rule that is no permission is refused', () => {
    expect(() => placePolicy({ allow: [], ask: [], deny: ['nett:*'] }, places)).toThrow(/policy\.deny.*nett/);
  });
});
