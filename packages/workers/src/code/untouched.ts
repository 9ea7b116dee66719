/** Folders whose files somebody else or a program wrote. */
const FOREIGN_FOLDERS = new Set([
  '.git',
  '.venv',
  '.yarn',
  '__pycache__',
  'bower_components',
  'dist',
  'node_modules',
  'site-packages',
  'third-party',
  'third_party',
  'vendor',
  'vendored',
  'venv',
]);

const LOCK_FILES = /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum|bun\.lockb|.+\.lock)$/;
const MINIFIED = /[.-](min|bundle)\.(js|mjs|cjs|css)$|\.map$/;
const GENERATED_NAME = /(\.pb\.(go|ts|js)|_pb2(_grpc)?\.pyi?|\.generated\.\w+|\.snap|\.patch|\.diff)$/;
const TEMPORARY = /^\.cadre-.*\.tmp$/;
/** The marks that generators agree on, in a comment of the first lines only: code may speak about them. */
const GENERATED_MARK =
  /^\s*(\/\/|\/?\*|#|<!--|--|;|%|""").*(@generated\b|\bcode generated\b.*\bdo not edit\b|\bauto-?generated\b.*\bdo not (edit|modify)\b)/im;
const HEAD_CHARACTERS = 1024;
/** No person writes lines of this mean length; 500 leaves room for data tables. */
const MINIFIED_LINE = 500;
/** As many bytes as git looks at. */
const SNIFFED_BYTES = 8000;

/** Why a file is nobody's to format, by its path alone. */
export function foreignPath(path: string): string | undefined {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  if (folders.some((folder) => FOREIGN_FOLDERS.has(folder))) return 'vendored';
  if (LOCK_FILES.test(name)) return 'lock file';
  if (MINIFIED.test(name)) return 'minified';
  return GENERATED_NAME.test(name) || TEMPORARY.test(name) ? 'generated' : undefined;
}

/** Why a file is nobody's to format, by what it holds. */
export function foreignContent(path: string, content: Buffer): string | undefined {
  if (content.subarray(0, SNIFFED_BYTES).includes(0)) return 'binary';
  const head = content.toString('utf8', 0, HEAD_CHARACTERS);
  if (GENERATED_MARK.test(head)) return 'generated';
  return /\.(js|mjs|cjs|css)$/.test(path) && isMinified(content) ? 'minified' : undefined;
}

function isMinified(content: Buffer): boolean {
  if (content.length < 2 * MINIFIED_LINE) return false;
  let lines = 1;
  for (const byte of content) if (byte === 10) lines += 1;
  return content.length / lines > MINIFIED_LINE;
}

/** Files whose exact bytes are often the point: the built-in pass leaves them to their own tools. */
export function isDelicate(path: string): boolean {
  return /(^|\/)(fixtures?|__fixtures__|testdata|test-data|__snapshots__|snapshots|golden)\//.test(path);
}
