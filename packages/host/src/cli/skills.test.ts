import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from './testing/temporary-place.ts';

const PATIENT = 120_000;

const text = (name: string, version: string, more = '', body = 'Do it well.') => `---
name: ${name}
description: Use it for ${name}.
license: MIT
metadata:
  version: "${version}"
${more}---

${body}
`;

const skills = (list: string) => `  cadre-requires-skills: "${list}"\n`;
const workers = (list: string) => `  cadre-requires-workers: "${list}"\n`;

/** A skill outside of every workspace, packed. */
async function packed(
  place: TemporaryPlace,
  name: string,
  content: string,
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly file: string; readonly digest: string }> {
  const source = join(mkdtempSync(join(tmpdir(), 'cadre-skill-source-')), name);
  onTestFinished(() => rmSync(dirname(source), { recursive: true, force: true }));
  for (const [path, written] of Object.entries({ 'SKILL.md': content, ...files })) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), written);
  }
  const { code, stdout, stderr } = await place.cadre('skill', 'pack', source, '--json');
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { packed: { file: string; digest: string } }).packed;
}

const lockOf = (place: TemporaryPlace) =>
  JSON.parse(readFileSync(join(place.folder, '.cadre/workers.lock.json'), 'utf8')) as {
    workers: { id: string }[];
    skills?: { id: string; version: string }[];
  };

describe('skills at the command line', () => {
  test(
    '[BOT-14] [WRK-8] from a folder to a skill that is installed: packed, shown whole, agreed to, removed',
    async () => {
      const place = temporaryPlace({});
      const content = text('notes', '1.0.0', workers('files@>=0.1.0'), 'Look\u200b here.');
      const { file, digest } = await packed(place, 'notes', content, { 'scripts/run.sh': 'echo' });
      expect(file).toBe(join(place.folder, 'notes@1.0.0.skill.tgz'));
      const refused = await place.cadre('skill', 'add', file);
      expect(refused).toMatchObject({
        code: 4,
        stderr: expect.stringContaining(`cadre skill add ${file} --accept ${digest.slice(0, 16)}`),
      });
      for (const says of [
        /text for bots, and may do nothing by itself/,
        /the worker files >=0\.1\.0/,
        /scripts\/run\.sh/,
        /│ Look\\u\{200b\} here\./,
        /Asked because it is new here\./,
      ])
        expect(refused.stdout).toMatch(says);
      expect(existsSync(join(place.folder, '.cadre'))).toBe(false);

      // Whichever command is used: the package says what it is.
      const added = await place.cadre('worker', 'add', file, '--accept', digest);
      expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining('notes 1.0.0 is installed') });
      expect(lockOf(place)).toMatchObject({ workers: [], skills: [{ id: 'notes', version: '1.0.0' }] });
      expect((await place.cadre('skill', 'list')).stdout).toMatch(/notes +1\.0\.0 +package/);
      expect((await place.cadre('skill', 'show', 'notes', '--text')).stdout).toBe('Look\\u{200b} here.\n');
      expect((await place.cadre('skill', 'show', 'notes')).stdout).toMatch(/It gets worker files 0\.1\.0/);

      expect((await place.cadre('worker', 'remove', 'notes')).stderr).toMatch(/cadre skill remove notes/);
      expect(await place.cadre('skill', 'remove', 'notes')).toMatchObject({ code: 0 });
      expect((await place.cadre('skill', 'list')).stdout).toMatch(/No skills/);
      const { stdout } = await place.cadre('audit', 'export');
      const told = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { operation: string; decision: string; target: string })
        .filter(({ operation }) => ['add', 'remove'].includes(operation));
      expect(told.map(({ operation, decision, target }) => `${operation} ${decision} ${target}`)).toEqual([
        'add denied skill:notes@1.0.0',
        'add allowed skill:notes@1.0.0',
        'remove allowed skill:notes',
      ]);
    },
    PATIENT,
  );

  test(
    '[FND-85] [BOT-16] what a skill requires comes along from the catalogue, is explained, and stays while it is required',
    async () => {
      const place = temporaryPlace({});
      const made = [
        await packed(place, 'tone', text('tone', '1.0.0')),
        await packed(place, 'tone', text('tone', '2.0.0')),
        await packed(place, 'style', text('style', '1.3.0', skills('tone@^1'))),
        await packed(place, 'notes', text('notes', '1.0.0', skills('style@^1'))),
      ];
      const [, , , notes] = made;
      expect(
        await place.cadre('skill', 'add', notes?.file ?? '', '--accept', notes?.digest ?? ''),
      ).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('there is no skill style (skill notes 1.0.0 → skill style ^1)'),
      });
      const files = made.map(({ file }) => file);
      expect(await place.cadre('skill', 'publish', ...files, '--to', 'shelf')).toMatchObject({ code: 0 });
      const digests = made.map(({ digest }) => digest).join(',');
      // Who agrees to the last only gets none of them.
      const half = await place.cadre(
        'skill',
        'add',
        'notes@^1',
        '--from',
        'shelf',
        '--accept',
        made
          .slice(0, 3)
          .map(({ digest }) => digest)
          .join(),
      );
      expect(half).toMatchObject({
        code: 4,
        stderr: expect.stringContaining('style 1.3.0 was taken out again'),
      });
      expect(lockOf(place)).toEqual({ format: 1, workers: [] });
      const added = await place.cadre('skill', 'add', 'notes@^1', '--from', 'shelf', '--accept', digests);
      expect(added).toMatchObject({ code: 0 });
      expect(added.stdout).toMatch(/notes requires the skill style \^1: 1\.3\.0 comes along/);
      expect(lockOf(place).skills).toMatchObject([
        { id: 'notes', version: '1.0.0' },
        { id: 'style', version: '1.3.0' },
        { id: 'tone', version: '1.0.0' },
      ]);
      // Two majors side by side, each for whom it fits.
      await place.cadre('skill', 'add', 'tone@^2', '--from', 'shelf', '--accept', digests);
      const why = await place.cadre('skill', 'why', 'tone');
      expect(why.code).toBe(0);
      expect(why.stdout).toContain('tone 2.0.0, 1.0.0');
      expect(why.stdout).toMatch(/1\.0\.0 +skill notes 1\.0\.0 → skill style 1\.3\.0 → skill tone \^1/);
      expect(await place.cadre('skill', 'remove', 'tone@1.0.0')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('skill style 1.3.0 → skill tone ^1'),
      });
      expect(await place.cadre('skill', 'remove', 'tone@2.0.0')).toMatchObject({ code: 0 });
      const forced = await place.cadre('skill', 'remove', 'tone', '--force');
      expect(forced).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('still required: skill notes'),
      });
      const { stdout, code } = await place.cadre('skill', 'list');
      expect(code).toBe(0);
      expect(stdout).toMatch(/lacking style 1\.3\.0: there is no skill tone/);
      expect(await place.cadre('skill', 'why', 'tone')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/missing skill tone\n/),
      });
    },
    PATIENT,
  );

  test(
    '[WRK-3] [WRK-8] an upgrade by somebody who is trusted is asked about only when it wants more',
    async () => {
      const place = temporaryPlace({});
      const first = await packed(place, 'notes', text('notes', '1.0.0', workers('files@>=0.1.0')));
      expect(await place.cadre('skill', 'add', first.file, '--accept', first.digest)).toMatchObject({
        code: 0,
      });
      const patch = await packed(place, 'notes', text('notes', '1.0.1', workers('files@>=0.1.0'), 'Do it.'));
      expect(await place.cadre('skill', 'add', patch.file)).toMatchObject({ code: 0 });
      const more = workers('files@>=0.1.0, git@>=0.1.0');
      const hiding = await packed(place, 'notes', text('notes', '1.0.2', more));
      expect(await place.cadre('skill', 'add', hiding.file)).toMatchObject({
        code: 5,
        stderr: expect.stringContaining(
          'notes 1.0.2 has to be at least 2.0.0: it requires the worker git >=0.1.0',
        ),
      });
      const honest = await packed(place, 'notes', text('notes', '2.0.0', more));
      const asked = await place.cadre('skill', 'add', honest.file);
      expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('wants to do more') });
      expect(asked.stdout).toMatch(
        /Changed since 1\.0\.1\n {2}major {2}it requires the worker git >=0\.1\.0/,
      );
      expect(await place.cadre('skill', 'diff', 'notes@1.0.1', honest.file)).toMatchObject({ code: 0 });
      expect(await place.cadre('skill', 'diff', 'notes@1.0.1', hiding.file)).toMatchObject({ code: 1 });
      expect(await place.cadreTyping([[/Install notes/, 'y']], 'skill', 'add', honest.file)).toMatchObject({
        code: 0,
      });
      const other = await packed(place, 'notes', text('notes', '2.0.0', more, 'Something else.'));
      expect(await place.cadre('skill', 'add', other.file)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('a version never changes'),
      });
    },
    PATIENT,
  );

  test(
    '[FND-85] the lock brings the same skills to another machine, from a bundle too, in the order of what they require',
    async () => {
      const place = temporaryPlace({});
      const tone = await packed(place, 'tone', text('tone', '1.0.0'));
      const notes = await packed(place, 'notes', text('notes', '1.0.0', skills('tone@^1')));
      const accept = ['--accept', `${tone.digest},${notes.digest}`];
      expect(await place.cadre('skill', 'add', notes.file, tone.file, ...accept)).toMatchObject({ code: 0 });
      expect(await place.cadre('worker', 'bundle', '--to', 'stick')).toMatchObject({ code: 0 });
      rmSync(notes.file);
      rmSync(tone.file);
      const home = mkdtempSync(join(tmpdir(), 'cadre-other-'));
      onTestFinished(() => rmSync(home, { recursive: true, force: true }));
      const there = (...argv: string[]) => place.cadreWith({ CADRE_HOME: home }, ...argv);
      const missing = await there('skill', 'list');
      expect(missing.stdout).toMatch(
        /unusable notes\n.*is not installed on this machine.*cadre skill add --locked/,
      );
      expect(await there('skill', 'add', '--locked', '--from', 'stick', ...accept)).toMatchObject({
        code: 0,
      });
      expect((await there('skill', 'show', 'notes')).stdout).toMatch(/It gets skill tone 1\.0\.0/);
      // What was installed and is not what the lock names any more is not used.
      const [installed = ''] = readdirSync(join(home, 'workspaces'));
      writeFileSync(
        join(home, 'workspaces', installed, 'skills/tone@1.0.0/SKILL.md'),
        text('tone', '1.0.0', '', 'Evil.'),
      );
      expect(await there('skill', 'show', 'tone')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is not what .cadre/workers.lock.json names any more'),
      });
    },
    PATIENT,
  );

  test(
    'a folder is added as it is, when it is right, and everything that is wrong is told',
    async () => {
      const place = temporaryPlace({});
      place.write({
        'given/notes/SKILL.md': text('notes', '1.0.0'),
        'given/bad/SKILL.md': '---\nname: Bad\n---\n',
      });
      const asked = await place.cadre('skill', 'add', 'given/notes');
      expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('nobody has signed it') });
      const [, accept = ''] = /--accept (\w+)/.exec(asked.stderr) ?? [];
      expect(await place.cadre('skill', 'add', 'given/notes', '--accept', accept)).toMatchObject({ code: 0 });
      const bad = await place.cadre('skill', 'add', 'given/bad');
      expect(bad).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/description.*expected bad, as its folder/),
      });
      expect(await place.cadre('skill', 'validate', 'given/notes', 'given/bad')).toMatchObject({
        code: 2,
        stdout: expect.stringMatching(/✓ given\/notes\n[\s\S]*SKILL\.md:2:7 error expected 1 to 64/),
      });
      expect(await place.cadre('skill', 'add', 'given/none')).toMatchObject({ code: 2 });
      expect(await place.cadre('skill', 'add')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('cadre skill add'),
      });
    },
    PATIENT,
  );

  test(
    'cadre skill new makes one that is valid, once',
    async () => {
      const place = temporaryPlace({});
      expect(await place.cadre('skill', 'new', 'release-notes')).toMatchObject({ code: 0 });
      expect(await place.cadre('skill', 'validate', '--strict', '.cadre/skills/release-notes')).toMatchObject(
        {
          code: 0,
        },
      );
      expect(readdirSync(join(place.folder, '.cadre/skills'))).toEqual(['release-notes']);
      expect(await place.cadre('skill', 'new', 'release-notes')).toMatchObject({ code: 2 });
      expect(await place.cadre('skill', 'new', '../evil')).toMatchObject({ code: 2 });
      expect((await place.cadre('worker', 'why', 'files')).stdout).toMatch(
        /0\.1\.0 +skill release-notes 0\.1\.0 → worker files >=0\.1\.0/,
      );
    },
    PATIENT,
  );
});

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guide/skills.md'), 'utf8');

test(
  '[FND-85] the guide works as it is written',
  async () => {
    const place = temporaryPlace({});
    const printed = new Map<string, string>();
    for (const [, language, file, content = ''] of guide.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```/gms)) {
      if (file !== undefined) place.write({ [file]: content });
      if (language !== 'sh') continue;
      for (const line of content.trim().split('\n')) {
        const { code, stdout, stderr } = await place.cadre(...line.split(' ').slice(1));
        expect({ line, code, stderr }).toMatchObject({ code: 0 });
        printed.set(line, stdout);
      }
    }
    expect(printed.get('cadre skill validate .cadre/skills/release-notes')).toMatch(/^✓/);
    expect(printed.get('cadre skill why house-style')).toMatch(
      /1\.2\.0 +skill release-notes 1\.0\.0 → skill house-style \^1/,
    );
    expect(printed.get('cadre skill remove house-style')).toMatch(/^removed house-style 1\.2\.0\n$/);
  },
  PATIENT,
);
