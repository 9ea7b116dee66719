import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Manifest } from '@cadre/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { InstalledWorker } from '../../ports/action-runner.ts';
import type { SkillReload } from '../../ports/reloads.ts';
import { openLiveSkills } from './live-skills.ts';
import { openSkills } from './open-skills.ts';
import { validateSkill } from './validate-skill.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cadre-skills-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const text = (name: string, version = '1.0.0', more = '', body = 'Do it well.') => `---
name: ${name}
description: Use it for ${name}.
license: MIT
metadata:
  version: "${version}"
${more}---

${body}
`;

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

const own = (name: string) => `workspace/.cadre/skills/${name}/SKILL.md`;
const folders = () => ({
  workspace: join(root, 'workspace'),
  packages: join(root, 'packages'),
  personal: join(root, 'personal'),
});

const git: InstalledWorker = {
  manifest: { id: 'git', version: '1.2.0', permissions: [], actions: [] } as unknown as Manifest,
  hash: '',
  folder: '',
  builtIn: true,
};

const open = () => openSkills(folders(), { list: () => [git] });

describe('the skills of a workspace', () => {
  test('[FND-82] [BOT-15] are looked up in the workspace first, then the person’s; the same version again is shadowed', async () => {
    await put(own('notes'), text('notes'));
    await put('personal/notes/SKILL.md', text('notes', '1.0.0', '', 'Mine.'));
    await put('personal/tone/SKILL.md', text('tone', '2.1.0'));
    const skills = open();
    expect((await skills.list()).map(({ id, version, from }) => [id, version, from])).toEqual([
      ['notes', '1.0.0', 'workspace'],
      ['tone', '2.1.0', 'personal'],
    ]);
    expect(await skills.shadowed()).toMatchObject([{ id: 'notes', from: 'personal' }]);
    expect(await skills.instructions(await skills.resolve('notes'))).toBe('Do it well.');
  });

  test('[FND-83] a broken one is listed with all its faults and never stops the others', async () => {
    await put(own('good'), text('good'));
    await put(own('bad'), '---\nname: Bad\n---\nGo.');
    await put('workspace/.cadre/skills/empty/notes.txt', '');
    await put('workspace/.cadre/workers.lock.json', '{');
    await symlink(join(root, 'workspace/.cadre/skills/good'), join(root, 'workspace/.cadre/skills/linked'));
    const skills = open();
    expect((await skills.list()).map(({ id }) => id)).toEqual(['good']);
    expect(
      (await skills.broken()).map(({ id, problems }) => [
        id,
        problems.filter(({ severity }) => severity === 'error').length,
      ]),
    ).toEqual([
      ['linked', 1],
      ['.cadre/workers.lock.json', 1],
      ['bad', 3],
      ['empty', 1],
    ]);
    await expect(skills.resolve('bad')).rejects.toMatchObject({
      code: 'invalid_skill',
      message: expect.stringMatching(/name: .*; .*description/),
    });
    await expect(skills.resolve('goood')).rejects.toMatchObject({
      code: 'not_found',
      hint: 'did you mean good?',
    });
    await expect(skills.resolve('good', '^2')).rejects.toMatchObject({
      code: 'incompatible',
      message: 'the skill good is wanted in version ^2, there is 1.0.0',
    });
    await expect(skills.resolve('good', 'newest')).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('[BOT-14] at most 10 MB, no links, no secrets by name, and all of that is told at once', async () => {
    await put(own('heavy'), text('heavy'));
    await put('workspace/.cadre/skills/heavy/assets/a.bin', Buffer.alloc(6 * 2 ** 20));
    await put('workspace/.cadre/skills/heavy/assets/b.bin', Buffer.alloc(6 * 2 ** 20));
    await put('workspace/.cadre/skills/heavy/.env', 'TOKEN=1');
    await symlink('/etc/passwd', join(root, 'workspace/.cadre/skills/heavy/passwd'));
    const [one] = await open().broken();
    expect(one?.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('.env looks like a secret'),
      expect.stringContaining('passwd is no plain file'),
      expect.stringContaining('more than 10485760 bytes'),
    ]);
  });

  test('[BOT-14] a SKILL.md that is a link is not read, and one that is a pipe is not waited for', async () => {
    const place = join(root, 'workspace/.cadre/skills');
    await put('secret', 'the secret');
    await mkdir(join(place, 'linked'), { recursive: true });
    await symlink(join(root, 'secret'), join(place, 'linked/SKILL.md'));
    await mkdir(join(place, 'piped'));
    execFileSync('mkfifo', [join(place, 'piped/SKILL.md')]);
    const broken = await open().broken();
    expect(broken.map(({ id }) => id)).toEqual(['linked', 'piped']);
    expect(JSON.stringify(broken)).not.toContain('the secret');
  });

  test('[BOT-15] what is read is what the hash stands for, or nothing', async () => {
    await put(own('notes'), text('notes'));
    await put('workspace/.cadre/skills/notes/references/a.md', 'A');
    const skills = open();
    const before = await skills.resolve('notes');
    expect((await skills.read(before, 'references/a.md')).toString()).toBe('A');
    await expect(skills.read(before, '../../../secret')).rejects.toMatchObject({ code: 'not_found' });
    await put('workspace/.cadre/skills/notes/references/a.md', 'B');
    await expect(skills.read(before, 'references/a.md')).rejects.toMatchObject({ code: 'changed_meanwhile' });
    const after = await skills.resolve('notes');
    expect(after.hash).not.toBe(before.hash);
    expect(await skills.find('notes', before.hash)).toBeUndefined();
    expect(await skills.find('notes', after.hash)).toMatchObject({ id: 'notes' });
  });

  test('[FND-85] what a skill requires is found among workers and skills, each after what it requires', async () => {
    const requires = '  cadre-requires-workers: "git@^1"\n  cadre-requires-skills: "tone@*, drawing?@^1"\n';
    await put(own('notes'), text('notes', '1.0.0', requires));
    await put(own('tone'), text('tone'));
    const skills = open();
    const { chosen, leftOut, faults } = await skills.requirements(await skills.resolve('notes'));
    expect(chosen.map(({ kind, id, version }) => `${kind} ${id} ${version}`)).toEqual([
      'worker git 1.2.0',
      'skill tone 1.0.0',
      'skill notes 1.0.0',
    ]);
    expect(leftOut.map(({ id }) => id)).toEqual(['drawing']);
    expect(faults).toEqual([]);
  });
});

describe('[BOT-16] while a process lives', () => {
  async function live() {
    const told: SkillReload[] = [];
    const copies = join(root, 'copies');
    await mkdir(copies);
    const held = await openLiveSkills({ folders: folders(), copies, told: (one) => void told.push(one) });
    const skills = open();
    skills.hold(held.held);
    return { skills, told, look: held.look, copies };
  }

  test('a changed folder is taken anew, and whoever began with the former content still has it', async () => {
    await put(own('notes'), text('notes'));
    const { skills, told, look } = await live();
    const before = await skills.resolve('notes');
    await put(own('notes'), text('notes', '1.1.0', '', 'Do it better.'));
    expect(await skills.instructions(await skills.resolve('notes'))).toBe('Do it well.');
    await look();
    const after = await skills.resolve('notes');
    expect(await skills.instructions(after)).toBe('Do it better.');
    expect(await skills.instructions(before)).toBe('Do it well.');
    expect(await skills.find('notes', before.hash)).toMatchObject({ version: '1.0.0' });
    expect(told).toEqual([
      { kind: 'reloaded', skill: 'notes', version: '1.1.0', hash: after.hash, before: '1.0.0' },
    ]);
  });

  test('a broken one is listed with its faults, told once, and the last good one stays', async () => {
    await put(own('notes'), text('notes'));
    const { skills, told, look } = await live();
    await put(own('notes'), '---\nname: notes\n---\n');
    await look();
    await look();
    expect(told).toMatchObject([{ kind: 'failed', skill: 'notes', version: '1.0.0' }]);
    expect(await skills.broken()).toMatchObject([{ id: 'notes', folder: join(root, dirname(own('notes'))) }]);
    expect(await skills.instructions(await skills.resolve('notes'))).toBe('Do it well.');
    const before = await skills.resolve('notes');
    await put(own('notes'), text('notes'));
    await look();
    expect(told).toHaveLength(1);
    expect(await skills.broken()).toEqual([]);
    expect(await skills.resolve('notes')).toBe(before);
  });

  test('one that comes counts before others of its version, and one that goes is there no more', async () => {
    await put('personal/notes/SKILL.md', text('notes'));
    const { skills, told, look } = await live();
    await put(own('notes'), text('notes', '1.0.0', '', 'Ours.'));
    await look();
    expect(await skills.resolve('notes')).toMatchObject({ from: 'workspace' });
    await rm(join(root, dirname(own('notes'))), { recursive: true });
    await look();
    expect(await skills.resolve('notes')).toMatchObject({ from: 'personal' });
    expect(told.map(({ kind }) => kind)).toEqual(['reloaded', 'unloaded']);
  });

  test('of many contents the last are kept, and no copy of the others', async () => {
    await put(own('notes'), text('notes'));
    const { look, copies } = await live();
    for (let index = 0; index < 20; index++) {
      await put(own('notes'), text('notes', `1.0.${index + 1}`));
      await look();
    }
    expect(await readdir(copies)).toHaveLength(6);
  });
});

describe('validating a skill', () => {
  test('[WRK-2] links to files that are not there, and keys in any file, are told too', async () => {
    await put(
      own('notes'),
      text(
        'notes',
        '1.0.0',
        '',
        'See [one](references/one.md), [two](../../two.md), [three](https://example.org).',
      ),
    );
    await put('workspace/.cadre/skills/notes/scripts/run.sh', `K=AKIA${'A'.repeat(16)}`);
    const { problems } = await validateSkill(join(root, dirname(own('notes'))));
    expect(problems.map(({ severity, message, position }) => [severity, message, position?.line])).toEqual([
      ['warning', 'there is no file references/one.md', 9],
      ['warning', '../../two.md lies outside of the skill', 9],
      ['error', 'scripts/run.sh holds something that looks like a secret', undefined],
    ]);
  });

  test('a folder without SKILL.md is told of with what to do', async () => {
    await mkdir(join(root, 'nothing'));
    expect(await validateSkill(join(root, 'nothing'))).toMatchObject({
      file: undefined,
      problems: [
        {
          message: 'there is no SKILL.md that can be read',
          suggestion: expect.stringContaining('cadre skill new'),
        },
      ],
    });
    expect(existsSync(join(root, 'nothing/SKILL.md'))).toBe(false);
  });
});
