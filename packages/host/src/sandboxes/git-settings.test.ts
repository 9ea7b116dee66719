import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readGitSettings } from './git-settings.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cadre-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const environment = () => ({ PATH: process.env['PATH'], HOME: home });

async function readBack(text: string): Promise<Record<string, string>> {
  const file = join(home, 'copy');
  await writeFile(file, text);
  const listed = execFileSync('git', ['config', '-z', '--file', file, '--list'], { encoding: 'utf8' });
  return Object.fromEntries(
    listed
      .split('\0')
      .slice(0, -1)
      .map((entry) => entry.split('\n')),
  );
}

describe('settings of git for a box', () => {
  test('[WRK-22] say who commits, and nothing that could hold a credential', async () => {
    await writeFile(
      join(home, '.gitconfig'),
      `[user]
  name = "Ann \\"A\\" O\\\\Neil"
  email = ann@example.org
[commit]
  gpgsign
[credential]
  helper = store
[url "https://token@example.org/"]
  insteadOf = https://example.org/
[http]
  extraHeader = "Authorization: Basic c2VjcmV0"
[core]
  autocrlf = input
  sshCommand = ssh -i /secret
`,
    );
    const text = await readGitSettings(home, environment());
    expect(text).not.toMatch(/token|secret|helper|Basic/i);
    expect(await readBack(text)).toMatchObject({
      'user.name': 'Ann "A" O\\Neil',
      'user.email': 'ann@example.org',
      'commit.gpgsign': 'true',
      'core.autocrlf': 'input',
    });
  });

  test('follow includes that depend on the folder, and leave out what is the repository’s own', async () => {
    const repository = join(home, 'work');
    execFileSync('git', ['init', '-q', repository]);
    execFileSync('git', ['config', 'user.signingkey', 'local'], { cwd: repository });
    await writeFile(join(home, '.gitconfig'), `[includeIf "gitdir:${repository}/"]\n  path = work.inc\n`);
    await writeFile(join(home, 'work.inc'), '[user]\n  email = ann@work.example\n');
    const settings = await readBack(await readGitSettings(repository, environment()));
    expect(settings).toEqual({ 'user.email': 'ann@work.example' });
  });

  test('are none where nothing is set or git is not there', async () => {
    expect(await readGitSettings(home, { HOME: home, PATH: '/nowhere' })).toBe('');
  });
});
