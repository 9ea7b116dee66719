import { describe, expect, test } from 'vitest';
import { parseRequirements } from './parse-requirements.ts';
import type { PackageVersion } from './requirement.ts';
import { resolveRequirements } from './resolve-requirements.ts';
import { whyChosen } from './why-chosen.ts';

/** `release@1.0.0`, with the skills and the workers that it requires. */
function skill(named: string, skills = '', workers = ''): PackageVersion {
  const [id = '', version = ''] = named.split('@');
  const requires = [
    ...(skills === '' ? [] : parseRequirements(skills, 'skill').requires),
    ...(workers === '' ? [] : parseRequirements(workers, 'worker').requires),
  ];
  return { kind: 'skill', id, version, requires };
}

function worker(named: string): PackageVersion {
  const [id = '', version = ''] = named.split('@');
  return { kind: 'worker', id, version, requires: [] };
}

const chosen = (root: PackageVersion, ...present: PackageVersion[]) =>
  resolveRequirements(root, present).chosen.map(({ kind, id, version }) => `${kind} ${id} ${version}`);
const faults = (root: PackageVersion, ...present: PackageVersion[]) =>
  resolveRequirements(root, present).faults.map(({ kind, message, chains }) => [kind, message, ...chains]);

describe('what a package requires, of what there is', () => {
  test('[FND-85] the newest version that fits is taken, and each stands after what it requires', () => {
    const release = skill('release@1.0.0', 'notes@^1, style@*', 'git@^1');
    expect(
      chosen(
        release,
        skill('notes@1.0.0', 'style@^2'),
        skill('notes@1.4.0', 'style@^2'),
        skill('notes@2.0.0'),
        skill('style@2.1.0'),
        skill('style@3.0.0'),
        worker('git@1.2.0'),
        worker('git@2.0.0'),
      ),
    ).toEqual(['skill style 2.1.0', 'skill notes 1.4.0', 'worker git 1.2.0', 'skill release 1.0.0']);
  });

  test('a worker and a skill of one name are two things', () => {
    expect(
      chosen(skill('release@1.0.0', 'git@^2', 'git@^1'), skill('git@2.0.0'), worker('git@1.0.0')),
    ).toEqual(['skill git 2.0.0', 'worker git 1.0.0', 'skill release 1.0.0']);
  });

  test('an older version is taken where the newest one does not go together with the others', () => {
    expect(
      chosen(
        skill('release@1.0.0', 'notes@*, style@^1'),
        skill('notes@1.0.0', 'style@^1'),
        skill('notes@2.0.0', 'style@^2'),
        skill('style@1.0.0'),
        skill('style@2.0.0'),
      ),
    ).toEqual(['skill style 1.0.0', 'skill notes 1.0.0', 'skill release 1.0.0']);
  });

  test('[FND-85] two packages get two versions of a third, one beside the other', () => {
    const present = [skill('style@1.0.0'), skill('style@2.0.0')];
    expect(chosen(skill('old@1.0.0', 'style@^1'), ...present)[0]).toBe('skill style 1.0.0');
    expect(chosen(skill('new@1.0.0', 'style@^2'), ...present)[0]).toBe('skill style 2.0.0');
  });

  test('[FND-85] what is missing, what conflicts and what goes round are told with the whole chain, all at once', () => {
    const release = skill('release@1.0.0', 'notes@^1, round@*, drawing@*', 'git@^1, hg@*');
    expect(
      faults(
        release,
        skill('notes@1.0.0', '', 'git@^2'),
        skill('round@1.0.0', 'release@*'),
        skill('drawing@1.0.0', 'colours@^3'),
        skill('colours@2.0.0'),
        worker('git@1.0.0'),
        worker('git@2.0.0'),
      ),
    ).toEqual([
      ['cycle', 'release requires itself', 'skill release 1.0.0 → skill round 1.0.0 → skill release *'],
      [
        'missing',
        'of skill colours there is 2.0.0',
        'skill release 1.0.0 → skill drawing 1.0.0 → skill colours ^3',
      ],
      ['missing', 'there is no worker hg', 'skill release 1.0.0 → worker hg *'],
      [
        'conflict',
        'worker git is wanted as ^2 and as ^1, and no version here fits all of them',
        'skill release 1.0.0 → skill notes 1.0.0 → worker git ^2',
        'skill release 1.0.0 → worker git ^1',
      ],
    ]);
  });

  test('[FND-85] what is optional is taken where it is, and nothing is missing where it is not', () => {
    const release = skill('release@1.0.0', 'drawing?@^1, notes?@^1');
    const { chosen: taken, leftOut, faults: found } = resolveRequirements(release, [skill('notes@1.0.0')]);
    expect(taken.map(({ id }) => id)).toEqual(['notes', 'release']);
    expect(leftOut).toEqual([{ kind: 'skill', id: 'drawing', range: '^1', optional: true }]);
    expect(found).toEqual([]);
  });

  test('a knot of hundreds of versions ends, and is told of', () => {
    const layer = (name: string, next: string) =>
      Array.from({ length: 40 }, (_, index) => skill(`${name}@1.0.${index}`, next));
    const present = ['a', 'b', 'c', 'd', 'e'].flatMap((name, index) =>
      layer(name, index === 4 ? 'nothing@*' : `${'bcde'[index]}@*`),
    );
    expect(faults(skill('top@1.0.0', 'a@*, b@*, c@*'), ...present)).toContainEqual([
      'missing',
      'there is no skill nothing',
      expect.stringContaining('skill e 1.0.39 → skill nothing *'),
    ]);
  });

  test('[FND-85] it is told who asks for a package, along which chain, and what each of them gets', () => {
    const present = [
      skill('release@1.0.0', 'notes@^1'),
      skill('notes@1.0.0', '', 'git@^1'),
      skill('modern@1.0.0', '', 'git@^2'),
      skill('lost@1.0.0', '', 'git@^3'),
      worker('git@1.0.0'),
      worker('git@2.0.0'),
    ];
    expect(whyChosen({ kind: 'worker', id: 'git' }, present)).toMatchObject({
      versions: ['1.0.0', '2.0.0'],
      asking: [
        { chain: 'skill release 1.0.0 → skill notes 1.0.0 → worker git ^1', version: '1.0.0' },
        { chain: 'skill notes 1.0.0 → worker git ^1', version: '1.0.0' },
        { chain: 'skill modern 1.0.0 → worker git ^2', version: '2.0.0' },
        { chain: 'skill lost 1.0.0 → worker git ^3', version: undefined },
      ],
      faults: [{ kind: 'missing', message: 'of worker git there is 2.0.0, 1.0.0' }],
    });
  });
});

describe('requirements as they are written', () => {
  test('names, ranges with blanks in them, and what is optional', () => {
    expect(parseRequirements('git@^1, files @ >=2 <3 , notify?@1 || 2', 'worker')).toEqual({
      requires: [
        { kind: 'worker', id: 'git', range: '^1' },
        { kind: 'worker', id: 'files', range: '>=2 <3' },
        { kind: 'worker', id: 'notify', range: '1 || 2', optional: true },
      ],
      faults: [],
    });
  });

  test.each([
    ['git@newest', /expected a range of versions.*"newest"/],
    ['git@', /expected a range/],
    ['Git@^1', /expected the name of a worker.*"Git"/],
    ['git@^1,', /found nothing/],
    ['git@^1, git@^2', /git is named twice/],
    ['', /found nothing/],
  ])('%j is told of', (text, says) => {
    expect(parseRequirements(text, 'worker').faults.join()).toMatch(says);
  });
});
