import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';

export interface TemporaryRepository {
  readonly path: string;
  /** Runs git in it and answers its output without the last line end. */
  git(...args: string[]): string;
  write(path: string, content: string | Uint8Array): void;
}

/** A git repository on the branch `work` with the given files committed, gone when the test is over. */
export function temporaryRepository(files: Readonly<Record<string, string>> = {}): TemporaryRepository {
  const repository = repositoryAt(temporaryFolder());
  repository.git('init', '--quiet', '--initial-branch=work');
  repository.git('config', 'user.name', 'Test');
  repository.git('config', 'user.email', 'test@example.org');
  repository.git('config', 'commit.gpgsign', 'false');
  for (const [path, content] of Object.entries(files)) repository.write(path, content);
  if (Object.keys(files).length === 0) return repository;
  repository.git('add', '--all');
  repository.git('commit', '--quiet', '--message', 'first');
  return repository;
}

export function repositoryAt(path: string): TemporaryRepository {
  return {
    path,
    git: (...args) => execFileSync('git', args, { cwd: path, encoding: 'utf8', stdio: 'pipe' }).trimEnd(),
    write(name, content) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    },
  };
}
