import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Keys, type Tried, tryCli } from '../testing.ts';

export interface TemporaryPlace {
  readonly folder: string;
  /** The data folder of Cadre. */
  readonly home: string;
  git(...args: string[]): string;
  write(files: Readonly<Record<string, string>>): void;
  /** Runs a command line in it, with a data folder of its own. */
  cadre(...argv: string[]): Promise<Tried>;
  /** The same for what installs itself: by this path of the program. */
  cadreAs(program: string, ...argv: string[]): Promise<Tried>;
  /** The same with somebody at the keyboard. */
  cadreTyping(answers: readonly Keys[], ...argv: string[]): Promise<Tried>;
  /** The same with further variables. */
  cadreWith(env: Readonly<Record<string, string>>, ...argv: string[]): Promise<Tried>;
}

/** For tests: a git repository on the branch `work` with these files committed, gone when the test is over. */
export function temporaryPlace(files: Readonly<Record<string, string>>): TemporaryPlace {
  const [folder, home] = [newFolder(), newFolder()];
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, stdio: 'pipe', encoding: 'utf8' }).trimEnd();
  const write = (given: Readonly<Record<string, string>>) => {
    for (const [path, text] of Object.entries(given)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  git('init', '--quiet', '--initial-branch=work');
  git('config', 'user.name', 'Test');
  git('config', 'user.email', 'test@example.org');
  write(files);
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'start');
  const cadreWith: TemporaryPlace['cadreWith'] = (env, ...argv) =>
    tryCli(argv, { cwd: folder, env: { CADRE_HOME: home, ...env } });
  return {
    folder,
    home,
    git,
    write,
    cadre: (...argv) => cadreWith({}, ...argv),
    cadreAs: (program, ...argv) => tryCli(argv, { cwd: folder, env: { CADRE_HOME: home }, program }),
    cadreTyping: (answers, ...argv) =>
      tryCli(argv, { cwd: folder, env: { CADRE_HOME: home }, answers, screen: { columns: 120, rows: 40 } }),
    cadreWith,
  };
}

function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cadre-place-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
