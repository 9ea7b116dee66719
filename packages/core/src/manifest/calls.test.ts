import type { ActionManifest, Manifest } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { coversCall, mayCall, unownedEffects, versionToCall } from './calls.ts';
import { checkCalls } from './check-calls.ts';
import { diffManifests } from './diff-manifests.ts';
import { manifestSchema } from './manifest-schema.ts';
import { parseManifest } from './parse-manifest.ts';

const action = (name: string, more: Partial<ActionManifest> = {}): ActionManifest => ({
  name,
  description: name,
  effects: ['read'],
  input: { type: 'object' },
  output: { type: 'object' },
  ...more,
});

const worker = (id: string, actions: readonly ActionManifest[], more: Partial<Manifest> = {}): Manifest => ({
  id,
  version: '1.2.0',
  licence: 'MIT',
  capabilities: ['actions'],
  permissions: [],
  entrypoint: 'main.js',
  engines: { cadre: '>=0.1.0' },
  actions,
  ...more,
});

const builtIn = (manifest: Manifest) => ({ manifest, builtIn: true });
const foreign = (manifest: Manifest) => ({ manifest, builtIn: false });

const GIT = worker('git', [action('status'), action('commit', { effects: ['read', 'write'] })]);

/** What is said of an action `greet` that calls this, beside these workers. */
function problemsOf(
  calls: string[],
  known: Parameters<typeof checkCalls>[1],
  more: Partial<ActionManifest> = {},
) {
  return checkCalls(worker('greeter', [action('greet', { calls, ...more })]), known);
}

describe('what an action may call', () => {
  test('[WRK-17] is named by itself, or all of one worker', () => {
    expect(coversCall('git/status', 'git/status')).toBe(true);
    expect(coversCall('git/*', 'git/status')).toBe(true);
    expect(coversCall('git/*', 'github/status')).toBe(false);
    expect(coversCall('git/status', 'git/status-all')).toBe(false);
    expect(mayCall(action('greet'), 'git/status')).toBe(false);
  });

  test('[WRK-17] has no effect that its caller does not own up to', () => {
    const caller = action('greet', { effects: ['read', 'write'] });
    expect(unownedEffects(caller, action('a', { effects: ['none'] }))).toEqual([]);
    expect(unownedEffects(caller, action('a', { effects: ['read', 'send'] }))).toEqual(['send']);
    expect(unownedEffects(action('b', { effects: ['none'] }), action('a'))).toEqual(['read']);
  });

  test('[WRK-4] is of the version that a run keeps, as long as that is one that its caller wants', () => {
    expect(versionToCall('^1.0.0', '1.4.0')).toBe('1.4.0');
    expect(versionToCall('^1.0.0', '2.0.0')).toBe('^1.0.0');
    expect(versionToCall('^1.0.0', undefined)).toBe('^1.0.0');
    expect(versionToCall(undefined, '2.0.0')).toBe('2.0.0');
    expect(versionToCall(undefined, undefined)).toBeUndefined();
    expect(versionToCall('^1.0.0', ['3.0.0', '1.2.0', '1.10.0'])).toBe('1.10.0');
    expect(versionToCall('^2.0.0', ['3.0.0', '1.2.0'])).toBe('^2.0.0');
  });
});

describe('[WRK-2] a manifest that calls', () => {
  const parse = (manifest: Manifest) => parseManifest(JSON.stringify(manifest)).problems;

  test('is right when it names actions', () => {
    expect(parse(worker('greeter', [action('greet', { calls: ['git/status', 'files/*'] })]))).toEqual([]);
    for (const call of ['git', '*', 'git/', '*/status', 'git/status@1', 'Git/status', 'git/st*'])
      expect(parse(worker('greeter', [action('greet', { calls: [call] })]))).toMatchObject([
        { severity: 'error', path: 'actions[0].calls[0]' },
      ]);
    const range = parse(worker('greeter', [action('greet')], { dependencies: { git: 'newest' } }));
    expect(range).toMatchObject([{ severity: 'error', path: 'dependencies.git' }]);
  });

  test('cannot be pure: its result rests on those of others', () => {
    const pure = action('greet', { calls: ['git/status'], pure: { files: ['**'] } });
    expect(parse(worker('greeter', [pure]))).toMatchObject([{ severity: 'error', path: 'actions[0].pure' }]);
  });

  test('of itself is looked through whole: unknown actions, effects, circles', () => {
    const calling = (calls: string[], more: Partial<ActionManifest> = {}) => action('a', { calls, ...more });
    expect(parse(worker('own', [calling(['own/bb']), action('b')]))).toMatchObject([
      { message: 'there is no action own/bb', suggestion: expect.stringContaining('own/b') },
    ]);
    expect(
      parse(worker('own', [calling(['own/b']), action('b', { effects: ['send'], preview: 'report' })])),
    ).toMatchObject([{ severity: 'error', suggestion: 'add send to effects of a' }]);
    const circle = [calling(['own/b']), action('b', { calls: ['own/c'] }), action('c', { calls: ['own/a'] })];
    expect(parse(worker('own', circle)).map(({ path }) => path)).toEqual([
      'actions[0].calls[0]',
      'actions[1].calls[0]',
      'actions[2].calls[0]',
    ]);
    expect(parse(worker('own', [calling(['own/a'])]))).toMatchObject([{ message: 'a calls itself' }]);
    expect(
      parse(worker('own', [calling(['own/*']), action('b', { calls: ['own/c'] }), action('c')])),
    ).toEqual([]);
  });

  test('is compared with the workers that are there', () => {
    expect(problemsOf(['git/status'], [builtIn(GIT)])).toEqual([]);
    expect(problemsOf(['git/stauts'], [builtIn(GIT)])).toMatchObject([
      { severity: 'error', message: 'git 1.2.0 has no action git/stauts', suggestion: /git\/status/ },
    ]);
    expect(problemsOf(['gti/status'], [builtIn(GIT)])).toMatchObject([
      { severity: 'warning', suggestion: /git/ },
    ]);
    expect(problemsOf(['git/commit'], [builtIn(GIT)])).toMatchObject([
      { severity: 'error', suggestion: 'add write to effects of greet' },
    ]);
    expect(problemsOf(['git/*'], [builtIn(GIT)])).toEqual([]);
    expect(problemsOf(['git/status'], [foreign(GIT)])).toMatchObject([
      { severity: 'warning', suggestion: 'add dependencies: { git: "^1.2.0" }' },
    ]);
  });

  test('promises no more than what it calls keeps', () => {
    const writing = { effects: ['read', 'write'], preview: 'scratch', idempotent: true } as const;
    expect(
      problemsOf(['git/commit'], [builtIn(GIT)], writing).map(({ severity, message }) => [severity, message]),
    ).toEqual([
      ['warning', 'git/commit cannot show what it would do, so greet cannot either'],
      ['warning', 'greet promises that doing it twice is doing it once, and git/commit does not'],
    ]);
  });

  test('wants a version that is there, and that version is what counts', () => {
    const caller = (range: string) =>
      worker('greeter', [action('greet', { calls: ['git/log'] })], { dependencies: { git: range } });
    const newer = worker('git', [action('log')], { version: '2.0.0' });
    const known = [foreign(newer), foreign(GIT)];
    expect(checkCalls(caller('^2.0.0'), known)).toEqual([]);
    expect(checkCalls(caller('^1.0.0'), known)).toMatchObject([
      { message: 'git 1.2.0 has no action git/log' },
    ]);
    expect(checkCalls(caller('^3.0.0'), known)).toMatchObject([
      { severity: 'warning', message: 'git is wanted in version ^3.0.0, there is 2.0.0, 1.2.0' },
    ]);
  });

  test('closes no circle over other workers', () => {
    const there = worker('there', [action('go', { calls: ['beyond/go'] })]);
    const beyond = worker('beyond', [action('go', { calls: ['greeter/greet'] }), action('stay')]);
    expect(problemsOf(['there/go'], [builtIn(there), builtIn(beyond)])).toMatchObject([
      {
        severity: 'error',
        message: 'it goes in a circle: greeter/greet → there/go → beyond/go → greeter/greet',
      },
    ]);
    expect(problemsOf(['beyond/stay'], [builtIn(there), builtIn(beyond)])).toEqual([]);
  });
});

describe('[WRK-3] to call more', () => {
  const before = worker('greeter', [action('greet', { calls: ['git/status'] })], {
    dependencies: { git: '^1.0.0' },
  });
  const after = (calls: string[] | undefined, more: Partial<Manifest> = {}) =>
    diffManifests(before, {
      ...before,
      actions: [action('greet', calls === undefined ? {} : { calls })],
      ...more,
    });

  test('is a widening, which people are told of', () => {
    const wider = after(['git/*', 'files/read']);
    expect(wider).toMatchObject({ step: 'major', isHonest: false });
    expect(wider.wider).toEqual([
      'greeter wants to call every action of git',
      'greeter wants to call files/read',
    ]);
    expect(wider.changes.map(({ says }) => says)).toEqual([
      'it may call git/* now',
      'it may call files/read now',
    ]);
  });

  test('and to call less, or another version, is not', () => {
    expect(after(undefined)).toMatchObject({ step: 'minor', wider: [] });
    expect(after(['git/status'], { dependencies: { git: '^2.0.0' } }).changes).toMatchObject([
      { step: 'minor', says: 'it requires the worker git ^2.0.0 and required ^1.0.0' },
    ]);
  });
});

test('[WRK-1] the published schema knows calls', () => {
  const { properties } = manifestSchema() as unknown as {
    properties: { actions: { items: { properties: Record<string, { description?: string }> } } };
  };
  expect(properties.actions.items.properties['calls']?.description).toMatch(/no more than it may itself/);
});
