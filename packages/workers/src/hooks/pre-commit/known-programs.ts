import type { HookConfig } from './config.ts';

/** What a hook of somebody else's repository would run, as far as the program is also installed by itself. */
export type KnownProgram = Required<Pick<HookConfig, 'entry'>> & Omit<HookConfig, 'id' | 'entry'>;

const PYTHON = { types_or: ['python', 'pyi'] } as const;

/** By hook id. Entries, arguments and files are those of the repository that offers the hook. */
export const KNOWN_PROGRAMS: Readonly<Record<string, KnownProgram>> = {
  actionlint: { entry: 'actionlint', files: '^\\.github/workflows/' },
  autoflake: { entry: 'autoflake --in-place', types: ['python'] },
  bandit: { entry: 'bandit', types: ['python'], require_serial: true },
  'biome-check': {
    entry: 'biome check --write --files-ignore-unknown=true --no-errors-on-unmatched',
    types: ['text'],
  },
  'biome-format': {
    entry: 'biome format --write --files-ignore-unknown=true --no-errors-on-unmatched',
    types: ['text'],
  },
  'biome-lint': { entry: 'biome lint --files-ignore-unknown=true --no-errors-on-unmatched', types: ['text'] },
  black: { entry: 'black', types_or: ['python', 'pyi'], require_serial: true },
  'clang-format': {
    entry: 'clang-format -i',
    types_or: ['c++', 'c', 'c#', 'cuda', 'java', 'javascript', 'json', 'objective-c', 'proto'],
  },
  codespell: { entry: 'codespell', types: ['text'] },
  eslint: { entry: 'eslint', types: ['javascript'] },
  flake8: { entry: 'flake8', types: ['python'], require_serial: true },
  gitleaks: { entry: 'gitleaks git --pre-commit --redact --staged --verbose', pass_filenames: false },
  gofmt: { entry: 'gofmt -l -w', types: ['go'] },
  hadolint: { entry: 'hadolint', types: ['dockerfile'] },
  isort: {
    entry: 'isort',
    args: ['--filter-files'],
    types_or: ['cython', 'pyi', 'python'],
    require_serial: true,
  },
  markdownlint: { entry: 'markdownlint', types: ['markdown'] },
  'markdownlint-cli2': { entry: 'markdownlint-cli2', types: ['markdown'] },
  mypy: {
    entry: 'mypy',
    args: ['--ignore-missing-imports', '--scripts-are-modules'],
    require_serial: true,
    ...PYTHON,
  },
  prettier: { entry: 'prettier --write --list-different --ignore-unknown', types: ['text'] },
  pylint: { entry: 'pylint', types: ['python'], require_serial: true },
  pyright: { entry: 'pyright', require_serial: true, ...PYTHON },
  pyupgrade: { entry: 'pyupgrade', types: ['python'] },
  ruff: { entry: 'ruff check --force-exclude', types_or: ['python', 'pyi', 'jupyter'], require_serial: true },
  'ruff-check': {
    entry: 'ruff check --force-exclude',
    types_or: ['python', 'pyi', 'jupyter'],
    require_serial: true,
  },
  'ruff-format': {
    entry: 'ruff format --force-exclude',
    types_or: ['python', 'pyi', 'jupyter'],
    require_serial: true,
  },
  rustfmt: { entry: 'rustfmt', types: ['rust'] },
  shellcheck: { entry: 'shellcheck', types: ['shell'] },
  shfmt: { entry: 'shfmt', args: ['-w', '-s'], types: ['shell'] },
  stylelint: { entry: 'stylelint', types_or: ['css', 'scss', 'sass', 'less'] },
  stylua: { entry: 'stylua', types: ['lua'] },
  'taplo-format': { entry: 'taplo fmt', types: ['toml'] },
  typos: { entry: 'typos --write-changes --force-exclude', types: ['text'] },
  yamllint: { entry: 'yamllint', types: ['yaml'] },
};
