import { type BuiltIn, fileCheck, readOptions, UsageError } from './built-in.ts';

const CONFLICT = /^(?:<<<<<<< |======= |=======\r?\n|=======$|>>>>>>> )/;

export const checkMergeConflict: BuiltIn = {
  name: 'check for merge conflicts',
  types: ['text'],
  create(args, { inMerge }) {
    const options = readOptions(args, { 'assume-in-merge': { type: 'boolean' } });
    // Lines of equal signs underline headings in some texts; only a merge makes them suspicious.
    if (!inMerge && options['assume-in-merge'] !== true) return fileCheck(() => undefined);
    return fileCheck(({ path, text }) => {
      const found = text.split('\n').flatMap((line, index, lines) => {
        const marker = CONFLICT.exec(index < lines.length - 1 ? `${line}\n` : line)?.[0];
        return marker === undefined
          ? []
          : [`${path}:${index + 1}: Merge conflict string '${marker.trim()}' found`];
      });
      return found.length === 0 ? undefined : { message: found.join('\n') };
    });
  },
};

const PRIVATE_KEY =
  /BEGIN (?:(?:RSA |DSA |EC |OPENSSH |SSH2 ENCRYPTED |ENCRYPTED )?PRIVATE KEY|PGP PRIVATE KEY BLOCK|OpenVPN Static key V1)|PuTTY-User-Key-File-2/;

export const detectPrivateKey: BuiltIn = {
  name: 'detect private key',
  types: ['text'],
  create: () =>
    fileCheck(({ path, text }) =>
      PRIVATE_KEY.test(text) ? { message: `Private key found: ${path}` } : undefined,
    ),
};

export const checkVcsPermalinks: BuiltIn = {
  name: 'check vcs permalinks',
  types: ['text'],
  create(args) {
    const options = readOptions(args, { 'additional-github-domain': { type: 'string', multiple: true } });
    const domains = ['github.com', ...(options['additional-github-domain'] ?? [])].map((domain) =>
      domain.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
    const moving = new RegExp(
      `https://(?:${domains.join('|')})/[^/ ]+/[^/ ]+/blob/(?![a-fA-F0-9]{4,64}/)[^/. ]+/[^# ]+#L\\d+`,
    );
    return fileCheck(({ path, text }) => {
      const lines = text.split('\n');
      const found = lines.flatMap((line, index) =>
        moving.test(line) ? [`${path}:${index + 1}:${line}`] : [],
      );
      if (found.length === 0) return undefined;
      const help =
        'Non-permanent github link detected.\nOn any page on github press [y] to load a permalink.';
      return { message: `${found.join('\n')}\n\n${help}` };
    });
  },
};

export const checkExecutablesHaveShebangs: BuiltIn = {
  name: 'check that executables have shebangs',
  types: ['text', 'executable'],
  stages: ['pre-commit', 'pre-push', 'manual'],
  create: () =>
    fileCheck(({ path, content }) => {
      if (startsWithShebang(content)) return undefined;
      return {
        message: [
          `${path}: marked executable but has no (or invalid) shebang!`,
          `  If it isn't supposed to be executable, try: \`chmod -x ${quoted(path)}\``,
          '  If it is supposed to be executable, double-check its shebang.',
        ].join('\n'),
      };
    }),
};

export const checkShebangScriptsAreExecutable: BuiltIn = {
  name: 'check that scripts with shebangs are executable',
  types: ['text'],
  stages: ['pre-commit', 'pre-push', 'manual'],
  create: () =>
    fileCheck(({ path, content, executable }) => {
      if (executable || !startsWithShebang(content)) return undefined;
      return {
        message: [
          `${path}: has a shebang but is not marked executable!`,
          `  If it is supposed to be executable, try: \`chmod +x ${quoted(path)}\``,
          `  If on Windows, you may also need to: \`git add --chmod=+x ${quoted(path)}\``,
          '  If it is not supposed to be executable, double-check its shebang is wanted.',
        ].join('\n'),
      };
    }),
};

const TEST_PATTERNS = {
  pytest: '.*_test\\.py',
  'pytest-test-first': 'test_.*\\.py',
  django: 'test.*\\.py',
} as const;

export const nameTestsTest: BuiltIn = {
  name: 'python tests naming',
  files: '(^|/)tests/.+\\.py$',
  create(args) {
    const options = readOptions(args, {
      pytest: { type: 'boolean' },
      'pytest-test-first': { type: 'boolean' },
      django: { type: 'boolean' },
      unittest: { type: 'boolean' },
    });
    const chosen = Object.keys(options).map((name) => (name === 'unittest' ? 'django' : name));
    if (chosen.length > 1) throw new UsageError('only one naming of tests can be asked for');
    const pattern = TEST_PATTERNS[(chosen[0] ?? 'pytest') as keyof typeof TEST_PATTERNS];
    const wanted = new RegExp(`^${pattern}$`);
    return fileCheck(({ path }) => {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (wanted.test(name) || name === '__init__.py' || name === 'conftest.py') return undefined;
      return { message: `${path} does not match pattern \`${pattern}\`` };
    });
  },
};

function startsWithShebang(content: Buffer): boolean {
  return content[0] === 0x23 && content[1] === 0x21;
}

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'"'"'`)}'`;
}
