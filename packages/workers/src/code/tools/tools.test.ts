import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isInstalled } from '../../../../../scripts/installed-program.ts';
import { checkedWorker } from '../../testing/checked-worker.ts';
import { modulesWith } from '../../testing/modules-with.ts';
import { type TemporaryRepository, temporaryRepository } from '../../testing/temporary-repository.ts';
import type { CodeReport } from '../work.ts';
import { worker } from '../worker.ts';

/** One repository a tool: a file to put right, one with a fault of syntax, and what makes the tool the repository's. */
interface Sample {
  readonly tool: string;
  readonly program: string;
  readonly action: 'format' | 'lint';
  readonly files: Readonly<Record<string, string>>;
  readonly untidy: string;
  /** What the untidy file becomes; absent: the tool only finds. */
  readonly tidy?: string;
  /** File and line of what the tool says about the other files. */
  readonly finds: readonly (readonly [string, number])[];
}

const BIOME = `${JSON.stringify(
  {
    root: true,
    vcs: { enabled: true, clientKind: 'git', useIgnoreFile: true },
    formatter: { indentStyle: 'space' },
  },
  undefined,
  2,
)}\n`;
const ESLINT = 'export default [{ rules: { "prefer-const": "error", "no-debugger": "error" } }];\n';

const SAMPLES: readonly Sample[] = [
  {
    tool: 'biome format',
    program: 'biome',
    action: 'format',
    files: { 'biome.json': BIOME, 'in/bad.js': '\nlet a = = 1\n' },
    untidy: 'in/good.js',
    tidy: 'import b from "b";\nimport a from "a";\na(b);\n',
    finds: [['in/bad.js', 2]],
  },
  {
    tool: 'biome imports',
    program: 'biome',
    action: 'format',
    files: { 'biome.json': BIOME, 'in/bad.js': '\nlet a = = 1\n' },
    untidy: 'in/good.js',
    tidy: "import a from 'a'\nimport b from 'b';\n\na(b)",
    finds: [['in/bad.js', 2]],
  },
  {
    tool: 'biome lint',
    program: 'biome',
    action: 'lint',
    files: { 'biome.json': BIOME, 'in/bad.js': 'debugger;\n' },
    untidy: 'in/let.js',
    tidy: 'const a = 1;\nexport { a };\n',
    finds: [['in/bad.js', 1]],
  },
  {
    tool: 'prettier',
    program: 'prettier',
    action: 'format',
    files: { '.prettierrc.toml': 'singleQuote = true\n', 'in/bad.ts': 'let a = = 1\n' },
    untidy: 'in/good.js',
    tidy: "import b from 'b';\nimport a from 'a';\na(b);\n",
    finds: [['in/bad.ts', 1]],
  },
  {
    tool: 'eslint',
    program: 'eslint',
    action: 'lint',
    files: { 'eslint.config.mjs': ESLINT, 'in/bad.js': 'let a = = 1\n', 'other.js': '\ndebugger;\n' },
    untidy: 'in/let.js',
    tidy: 'const a = 1;\nexport { a };\n',
    finds: [
      ['in/bad.js', 1],
      ['other.js', 2],
    ],
  },
  {
    tool: 'black',
    program: 'black',
    action: 'format',
    files: { 'pyproject.toml': '[tool.black]\nline-length = 30\n', 'in/bad.py': 'a = 1\ndef f(:\n' },
    untidy: 'in/good.py',
    tidy: 'x = {"a": 1, "b": [1, 2]}\n',
    finds: [['in/bad.py', 2]],
  },
  {
    tool: 'ruff format',
    program: 'ruff',
    action: 'format',
    files: { 'ruff.toml': '', 'in/bad.py': 'a = 1\ndef f(:\n' },
    untidy: 'in/good.py',
    tidy: 'x = {"a": 1, "b": [1, 2]}\n',
    finds: [['in/bad.py', 2]],
  },
  {
    tool: 'ruff check',
    program: 'ruff',
    action: 'lint',
    files: { 'ruff.toml': '', 'in/bad.py': '\nx = undefined_name\n' },
    untidy: 'in/imports.py',
    tidy: 'import sys\n\nprint(sys.path)\n',
    finds: [['in/bad.py', 2]],
  },
  {
    tool: 'autoflake',
    program: 'autoflake',
    action: 'lint',
    files: { 'pyproject.toml': '[tool.autoflake]\n' },
    untidy: 'in/imports.py',
    tidy: 'import sys\n\nprint(sys.path)\n',
    finds: [],
  },
  {
    tool: 'autoimport',
    program: 'autoimport',
    action: 'lint',
    files: { 'pyproject.toml': '[tool.autoimport]\n' },
    untidy: 'in/missing.py',
    tidy: 'import os\n\n\nos.getcwd()\n',
    finds: [],
  },
  {
    tool: 'goimports',
    program: 'goimports',
    action: 'format',
    files: {
      'go.mod': 'module x\n',
      Makefile: 'format:\n\tgoimports -w .\n',
      'in/bad.go': 'package a\nfunc f( {}\n',
    },
    untidy: 'in/missing.go',
    tidy: 'package a\n\nimport "os"\n\nfunc f() { os.Exit(1) }\n',
    finds: [['in/bad.go', 2]],
  },
  {
    tool: 'isort',
    program: 'isort',
    action: 'format',
    files: { '.isort.cfg': '[settings]\n', 'local.py': '', 'in/bad.py': 'import b\nimport a\ndef f(:\n' },
    untidy: 'in/imports.py',
    tidy: 'import os\nimport sys\n\nimport requests\n\nimport local\n\nprint(sys.path)\n',
    finds: [['in/bad.py', 0]],
  },
  {
    tool: 'flake8',
    program: 'flake8',
    action: 'lint',
    files: { '.flake8': '[flake8]\n', 'in/bad.py': '\ndef f(:\n' },
    untidy: 'in/imports.py',
    finds: [
      ['in/bad.py', 2],
      ['in/imports.py', 3],
    ],
  },
  {
    tool: 'gofmt',
    program: 'gofmt',
    action: 'format',
    files: { 'go.mod': 'module x\n', 'in/bad.go': 'package a\nfunc f( {}\n' },
    untidy: 'in/good.go',
    tidy: 'package a\n\nfunc f() {}\n',
    finds: [['in/bad.go', 2]],
  },
  {
    tool: 'rustfmt',
    program: 'rustfmt',
    action: 'format',
    files: {
      'Cargo.toml': '[package]\nname = "x"\nedition = "2021"\n',
      'rustfmt.toml': 'hard_tabs = true\n',
      'src/bad.rs': 'mod good;\n\nfn main( {}\n',
    },
    untidy: 'src/good.rs',
    tidy: 'mod bad;\nasync fn f() {\n\tg()\n}\n',
    finds: [['src/bad.rs', 3]],
  },
  {
    tool: 'shfmt',
    program: 'shfmt',
    action: 'format',
    files: {
      Makefile: 'format:\n\tshfmt -w .\n',
      '.editorconfig': '[*.sh]\nindent_style = space\nindent_size = 3\n',
      'in/bad.sh': 'if true; then\n',
    },
    untidy: 'in/good.sh',
    tidy: 'if true; then\n   echo a\nfi\n',
    finds: [['in/bad.sh', 1]],
  },
  {
    tool: 'shellcheck',
    program: 'shellcheck',
    action: 'lint',
    files: { '.shellcheckrc': '', 'in/bad.sh': '#!/bin/sh\necho $1\n' },
    untidy: 'in/good.sh',
    finds: [['in/bad.sh', 2]],
  },
];

const UNTIDY: Readonly<Record<string, string>> = {
  'good.js': "import b from 'b';\nimport a from 'a'\na(b)",
  'let.js': 'let a = 1;\nexport { a };\n',
  'good.py': "x = {  'a':1, 'b':[1,2] }",
  'imports.py': 'import sys\n\nimport requests, os, local\nprint(sys.path)\n',
  'missing.py': 'os.getcwd()\n',
  'missing.go': 'package a\nfunc f( ) { os.Exit(1) }\n',
  'good.go': 'package a\nfunc  f( ) {}',
  'good.rs': 'mod bad;\nasync fn f( ){ g() }',
  'good.sh': 'if true; then\necho a\nfi\n',
};

const code = checkedWorker(join(import.meta.dirname, '..'), worker);

function repositoryOf(sample: Sample): TemporaryRepository {
  const { files, untidy, tool } = sample;
  const source =
    tool === 'autoflake' || tool === 'ruff check' ? 'import os\nimport sys\n\nprint(sys.path)\n' : '';
  const content = source || (UNTIDY[untidy.slice(untidy.indexOf('/') + 1)] ?? '');
  const repository = temporaryRepository({ ...files, '.gitignore': 'node_modules\n', [untidy]: content });
  symlinkSync(modulesWith(sample.program), join(repository.path, 'node_modules'));
  return repository;
}

describe.each(SAMPLES)('$tool', (sample) => {
  const { tool, program, action, untidy, tidy, finds } = sample;
  const installed = isInstalled(program);
  const run = (repository: TemporaryRepository) =>
    code.succeed<CodeReport>(action, { tools: [tool] }, { workspace: repository.path });
  const note = installed ? '' : ` (skipped: ${program} is not installed)`;

  test.skipIf(!installed)(
    `[HYG-19] puts right what it can and reports the rest with lines${note}`,
    async () => {
      const repository = repositoryOf(sample);

      const report = await run(repository);

      if (tidy !== undefined) expect(readFileSync(join(repository.path, untidy), 'utf8')).toBe(tidy);
      expect(report.changedFiles).toEqual(tidy === undefined ? [] : [untidy]);
      const found = report.findings.map(({ file, line }) => [file, line ?? 0]);
      for (const expected of finds) expect(found).toContainEqual(expected);
      expect(report.skipped).toEqual([]);
    },
  );

  test.skipIf(!installed)(`[HYG-19] the second run changes nothing${note}`, async () => {
    const repository = repositoryOf(sample);
    await run(repository);

    const second = await run(repository);

    expect(second.changedFiles).toEqual([]);
  });
});
