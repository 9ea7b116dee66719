import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The thirteen hooks that prek runs without Python as well. */
export const HOOKS = [
  'trailing-whitespace',
  'check-added-large-files',
  'end-of-file-fixer',
  'fix-byte-order-marker',
  'check-json',
  'check-toml',
  'check-yaml',
  'check-xml',
  'mixed-line-ending',
  'check-symlinks',
  'check-merge-conflict',
  'detect-private-key',
  'no-commit-to-branch',
];

const KINDS: readonly (readonly [extension: string, share: number, content: (number: number) => string])[] = [
  ['py', 320, python],
  ['txt', 240, prose],
  ['yaml', 140, yaml],
  ['json', 120, json],
  ['toml', 80, toml],
  ['xml', 59, xml],
];

/** 960 small clean files, with the configuration, committed. The same files on every machine. */
export function makeFixture(root: string): void {
  mkdirSync(root, { recursive: true });
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=work');
  git('config', 'user.name', 'Bench');
  git('config', 'user.email', 'bench@example.org');
  for (const [extension, share, content] of KINDS) {
    for (let number = 0; number < share; number++) {
      const path = join(root, `part-${number % 24}`, `${extension}-${number}.${extension}`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content(number));
    }
  }
  writeFileSync(
    join(root, '.pre-commit-config.yaml'),
    config('https://github.com/pre-commit/pre-commit-hooks'),
  );
  git('add', '--all');
  git('commit', '--quiet', '--message', 'fixture');
}

/** A configuration of the thirteen hooks from a repository; `builtin` is what prek calls its own. */
export function config(repo: string): string {
  const hooks = HOOKS.map((id) => `      - id: ${id}\n`).join('');
  const revision = repo.startsWith('http') ? '    rev: v6.0.0\n' : '';
  return `repos:\n  - repo: ${repo}\n${revision}    hooks:\n${hooks}`;
}

function python(number: number): string {
  const functions = Array.from(
    { length: 12 },
    (_, index) =>
      `def function_${number}_${index}(value: int) -> int:\n    """Add ${index} to a value."""\n    return value + ${index}\n`,
  );
  return `"""Module ${number}."""\n\nimport os\n\n\n${functions.join('\n\n')}`;
}

function prose(number: number): string {
  const line = `The quick brown fox number ${number} jumps over the lazy dog, and nobody minds at all.\n`;
  return line.repeat(20 + (number % 20));
}

function yaml(number: number): string {
  const items = Array.from(
    { length: 15 },
    (_, index) => `  - name: item-${number}-${index}\n    value: ${index}\n    tags: [one, two, three]\n`,
  );
  return `# Settings ${number}\nversion: 1\nitems:\n${items.join('')}`;
}

function json(number: number): string {
  const items = Array.from({ length: 20 }, (_, index) => ({
    id: index,
    name: `item ${number}`,
    tags: ['a', 'b'],
    ok: true,
  }));
  return `${JSON.stringify({ number, items }, undefined, 2)}\n`;
}

function toml(number: number): string {
  const tables = Array.from(
    { length: 10 },
    (_, index) => `[table-${index}]\nname = "value ${number}"\nlist = [1, 2, 3]\n`,
  );
  return `title = "File ${number}"\n\n${tables.join('\n')}`;
}

function xml(number: number): string {
  const items = Array.from(
    { length: 20 },
    (_, index) => `  <item id="${index}"><name>Item ${number}</name></item>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<items>\n${items.join('')}</items>\n`;
}
