import { expect, test } from 'vitest';
import { diffSkills, type SkillContent } from './diff-skills.ts';
import { parseSkill } from './parse-skill.ts';

const TEXT = `---
name: release
description: Releases
license: MIT
allowed-tools: Read
metadata:
  version: "1.0.0"
  cadre-requires-workers: "git@^1, hg?@^1"
  cadre-requires-skills: "style@^1"
---
Go.
`;

function content(
  change: (text: string) => string = (text) => text,
  files: Record<string, string> = {},
): SkillContent {
  const parsed = parseSkill(change(TEXT));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { skill: parsed.skill, files: Object.entries(files).map(([path, sha256]) => ({ path, sha256 })) };
}

const difference = (from: string | RegExp, to: string) =>
  diffSkills(
    content(),
    content((text) => text.replace(from, to)),
  );

test.each<[string, string, string, string, string[]]>([
  [
    'git@^1,',
    'git@^1, files@^1,',
    'major',
    'it requires the worker files ^1',
    ['it requires the worker files ^1'],
  ],
  [
    'git@^1,',
    'git@^2,',
    'major',
    'it requires the worker git ^2 and required ^1',
    ['it requires the worker git ^2 and required ^1'],
  ],
  [
    'git@^1,',
    'git@^1 || ^2,',
    'minor',
    'it requires the worker git ^1 || ^2 and required ^1',
    ['it requires the worker git ^1 || ^2 and required ^1'],
  ],
  ['git@^1,', 'git@^1.2,', 'major', 'it requires the worker git ^1.2 and required ^1', []],
  ['hg?@^1', 'hg@^1', 'major', 'it cannot do without the worker hg any more', []],
  ['git@^1, hg?@^1', 'git@^1', 'minor', 'it does not use the worker hg any more', []],
  ['style@^1', 'style@^1, tone@^1', 'major', 'it requires the skill tone ^1', []],
  ['style@^1', 'style@^1, tone?@^1', 'minor', 'it may use the skill tone ^1', []],
  [
    'tools: Read',
    'tools: Read Write',
    'major',
    'it wants Write to be used without asking',
    ['it wants Write to be used without asking'],
  ],
  ['tools: Read', 'tools: ""', 'minor', 'it does not want Read unasked any more', []],
  ['name: release', 'name: releases', 'major', 'it was called release and is called releases', []],
  ['description: Releases', 'description: Publishes', 'minor', 'its description says something else', []],
  ['Go.', 'Stop.', 'patch', 'its instructions say something else', []],
])('[WRK-3] %s → %s takes a %s version', (from, to, step, says, wider) => {
  const found = difference(from, to);
  expect(found).toMatchObject({ step, wider, isHonest: false });
  expect(found.changes).toContainEqual({ step, says });
});

test('[WRK-3] a further file takes a minor version, another content a patch, and a further script is shown', () => {
  const before = content(undefined, { 'SKILL.md': 'a', 'references/a.md': 'a', 'scripts/b.sh': 'b' });
  expect(
    diffSkills(before, content(undefined, { 'SKILL.md': 'b', 'references/a.md': 'x', 'scripts/b.sh': 'b' })),
  ).toMatchObject({
    step: 'patch',
    changes: [{ says: 'references/a.md has changed' }],
    wider: [],
  });
  expect(
    diffSkills(
      before,
      content((text) => text.replace('1.0.0', '1.1.0'), { 'references/a.md': 'a', 'scripts/c.sh': 'c' }),
    ),
  ).toMatchObject({ step: 'minor', isHonest: true, wider: ['it brings the script scripts/c.sh'] });
});

test('[WRK-3] the same skill is no difference', () => {
  expect(diffSkills(content(), content())).toMatchObject({ step: undefined, isHonest: true, changes: [] });
});
