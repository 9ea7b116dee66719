import { describe, expect, test } from 'vitest';
import { parseSkill } from './parse-skill.ts';

const GOOD = `---
name: release-notes
description: Writes the notes of a release. Use it when somebody asks what is new.
license: Apache-2.0
compatibility: needs git
allowed-tools: Bash(git log:*) Read
metadata:
  version: "1.2.0"
  author: Ann
  tags: "writing git"
  display-name: Release notes
  cadre-engine: ">=0.1.0"
  cadre-requires-workers: "git@^1, files@>=2 <3"
  cadre-requires-skills: "style?@^1"
  house: blue
---

# How to write them

Look at the log.
`;

const changed = (from: string | RegExp, to: string) => {
  const text = GOOD.replace(from, to);
  expect(text).not.toBe(GOOD);
  return parseSkill(text, { folder: 'release-notes' });
};

describe('reading a skill', () => {
  test('[BOT-14] a whole one is read, with all that it says', () => {
    expect(parseSkill(GOOD, { folder: 'release-notes' })).toEqual({
      ok: true,
      problems: [],
      skill: {
        id: 'release-notes',
        version: '1.2.0',
        description: 'Writes the notes of a release. Use it when somebody asks what is new.',
        title: 'Release notes',
        author: 'Ann',
        licence: 'Apache-2.0',
        compatibility: 'needs git',
        cadre: '>=0.1.0',
        tags: ['writing', 'git'],
        allowedTools: ['Bash(git log:*)', 'Read'],
        requires: [
          { kind: 'worker', id: 'git', range: '^1' },
          { kind: 'worker', id: 'files', range: '>=2 <3' },
          { kind: 'skill', id: 'style', range: '^1', optional: true },
        ],
        metadata: { house: 'blue' },
        instructions: '# How to write them\n\nLook at the log.',
      },
    });
  });

  test.each<[string, string | RegExp, string, object]>([
    [
      'a name with capitals',
      'name: release-notes',
      'name: Release',
      {
        path: 'name',
        position: { line: 2, column: 7 },
        message: /expected 1 to 64 lower-case.*found "Release"/,
      },
    ],
    ['a name that ends with a hyphen', 'name: release-notes', 'name: release-', { path: 'name' }],
    ['a name with two hyphens', 'name: release-notes', 'name: release--notes', { path: 'name' }],
    ['a name that is too long', 'name: release-notes', `name: ${'a'.repeat(65)}`, { path: 'name' }],
    [
      'another name than the folder',
      'name: release-notes',
      'name: notes',
      { path: 'name', message: /expected release-notes, as its folder is called, found notes/ },
    ],
    [
      'a missing description',
      /description:.*\n/,
      '',
      { message: /`description` is missing/, suggestion: /when a bot should take it up/ },
    ],
    ['an empty description', /description:.*/, 'description: "  "', { path: 'description' }],
    [
      'a description that is too long',
      /description:.*/,
      `description: ${'word '.repeat(300)}`,
      { path: 'description', position: { line: 3, column: 14 } },
    ],
    ['too many words on its surroundings', 'needs git', 'x'.repeat(501), { path: 'compatibility' }],
    [
      'an unknown key',
      'license:',
      'licence:',
      { path: 'licence', suggestion: 'the format spells it license' },
    ],
    [
      'a key that belongs below metadata',
      'license: Apache-2.0',
      'version: 1.0.0',
      { path: 'version', suggestion: 'write it below metadata:' },
    ],
    [
      'a number among the metadata',
      '"1.2.0"',
      '1.2',
      {
        path: 'metadata.version',
        position: { line: 8, column: 12 },
        suggestion: 'put it into quotation marks',
      },
    ],
    [
      'a version that is none',
      '"1.2.0"',
      '"newest"',
      { path: 'metadata.version', message: /expected a semantic version, found "newest"/ },
    ],
    ['a range that is none', '>=0.1.0', 'latest', { path: 'metadata.cadre-engine' }],
    [
      'a requirement that is none',
      'git@^1,',
      'git@newest,',
      { path: 'metadata.cadre-requires-workers', message: /"newest"/ },
    ],
    [
      'a misspelt key of Cadre',
      'cadre-requires-workers',
      'cadre-require-workers',
      { path: 'metadata.cadre-require-workers', suggestion: /did you mean "cadre-requires-workers"/ },
    ],
    [
      'a skill that requires itself',
      'style?@^1',
      'release-notes@^1',
      { path: 'metadata.cadre-requires-skills', message: 'release-notes requires itself' },
    ],
    [
      'tools as a list',
      'allowed-tools: Bash(git log:*) Read',
      'allowed-tools: [Read]',
      { path: 'allowed-tools' },
    ],
    ['broken YAML', 'license: Apache-2.0', 'license: [Apache', { code: 'invalid_yaml' }],
    ['a key given twice', 'license: Apache-2.0', 'name: other', { code: 'duplicate_key' }],
    ['no front matter', /^---\n/, '', { code: 'no_front_matter', position: { line: 1, column: 1 } }],
    [
      'front matter without an end',
      '\n---\n\n',
      '\n\n',
      { code: 'no_front_matter', message: 'the front matter does not end' },
    ],
    ['empty front matter', /name[\s\S]*blue\n/, '', { message: 'the front matter is empty' }],
  ])('[WRK-2] %s is told with its place', (_name, from, to, expected) => {
    const parsed = changed(from, to);
    const shape = Object.fromEntries(
      Object.entries(expected).map(([key, value]) => [
        key,
        value instanceof RegExp ? expect.stringMatching(value) : value,
      ]),
    );
    expect(parsed.ok).toBe(false);
    expect(parsed.problems).toContainEqual(expect.objectContaining({ severity: 'error', ...shape }));
  });

  test('[BOT-14] all faults are told at once', () => {
    const parsed = parseSkill('---\nname: A\nlicence: x\nmetadata: { version: no, cadre-x: "1" }\n---\n');
    expect(parsed.problems.filter(({ severity }) => severity === 'error').map(({ path }) => path)).toEqual([
      'name',
      'licence',
      '',
      'metadata.cadre-x',
      'metadata.version',
    ]);
  });

  test('without a version it counts as 0.0.0, and a short one is filled up', () => {
    const none = changed(/ {2}version:.*\n/, '');
    expect(none).toMatchObject({ ok: true, skill: { version: '0.0.0' } });
    expect(none.problems).toMatchObject([{ severity: 'warning', code: 'no_version' }]);
    const short = changed('"1.2.0"', '"1.2"');
    expect(short).toMatchObject({ ok: true, skill: { version: '1.2.0' } });
    expect(short.problems).toMatchObject([{ severity: 'warning', code: 'short_version' }]);
  });

  test('what a person cannot see is told of, in either part', () => {
    const hidden = changed('Look at', 'Look\u200b at');
    expect(hidden).toMatchObject({ ok: true });
    expect(hidden.problems).toMatchObject([
      {
        severity: 'warning',
        code: 'hidden_character',
        message: /^\\u\{200b\}/,
        position: { line: 20, column: 5 },
      },
    ]);
    expect(changed('Use it', 'Use\u{E0041} it').problems).toMatchObject([
      { code: 'hidden_character', position: { line: 3 } },
    ]);
    expect(changed('Look at', '👩\u200d💻 looks at').problems).toEqual([]);
  });

  test('the ends of lines of another system and a mark at the beginning change nothing', () => {
    const parsed = parseSkill(`\uFEFF${GOOD.replaceAll('\n', '\r\n')}`);
    expect(parsed).toMatchObject({
      ok: true,
      problems: [],
      skill: { instructions: '# How to write them\n\nLook at the log.' },
    });
  });

  test('nothing to say, and much too much of it, are warnings', () => {
    expect(changed(/# How[\s\S]*/, '').problems).toMatchObject([
      { code: 'no_instructions', severity: 'warning' },
    ]);
    expect(changed('Look at', 'Look\n'.repeat(600)).problems).toMatchObject([{ code: 'long_instructions' }]);
  });

  test.each([
    '',
    '---',
    '---\n---',
    '---\n[]\n---\n',
    '---\n5\n---',
    '---\nnull\n---',
    '\0',
    '---\nname: \u{FFFD}\n---',
  ])('[WRK-7] %j is refused and does not throw', (text) => {
    expect(parseSkill(text).ok).toBe(false);
  });
});
