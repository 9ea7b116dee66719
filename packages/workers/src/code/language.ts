interface LanguageTraits {
  readonly extensions: readonly string[];
  readonly names?: readonly string[];
  /** Programs in a first line `#!`. */
  readonly interpreters?: readonly string[];
}

/** The languages that a tool or the built-in pass knows something about. */
const LANGUAGES = {
  javascript: { extensions: ['js', 'mjs', 'cjs', 'jsx'], interpreters: ['node'] },
  typescript: { extensions: ['ts', 'mts', 'cts', 'tsx'] },
  vue: { extensions: ['vue'] },
  svelte: { extensions: ['svelte'] },
  json: { extensions: ['json', 'jsonc', 'json5', 'webmanifest'] },
  css: { extensions: ['css'] },
  scss: { extensions: ['scss', 'less'] },
  html: { extensions: ['html', 'htm'] },
  graphql: { extensions: ['graphql', 'gql'] },
  markdown: { extensions: ['md', 'markdown', 'mdx'] },
  yaml: { extensions: ['yaml', 'yml'] },
  toml: { extensions: ['toml'] },
  python: { extensions: ['py', 'pyi'], interpreters: ['python', 'python3'] },
  go: { extensions: ['go'] },
  rust: { extensions: ['rs'] },
  shell: { extensions: ['sh', 'bash'], interpreters: ['sh', 'bash', 'dash'] },
  java: { extensions: ['java', 'kt', 'kts', 'scala', 'groovy'] },
  c: { extensions: ['c', 'h', 'cc', 'cpp', 'hpp', 'cxx', 'm', 'mm', 'cs', 'swift'] },
  script: { extensions: ['rb', 'php', 'pl', 'lua', 'r'] },
  sql: { extensions: ['sql'] },
  build: {
    extensions: ['mk', 'cmake', 'tf'],
    names: ['Makefile', 'Dockerfile', 'justfile', 'CMakeLists.txt'],
  },
  settings: {
    extensions: ['ini', 'cfg', 'conf', 'properties'],
    names: ['.gitignore', '.gitattributes', '.editorconfig', '.dockerignore', '.npmrc'],
  },
} as const satisfies Record<string, LanguageTraits>;

export type Language = keyof typeof LANGUAGES;

const entries = Object.entries(LANGUAGES) as [Language, LanguageTraits][];
const byExtension = new Map(
  entries.flatMap(([name, { extensions }]) => extensions.map((one) => [one, name])),
);
const byName = new Map(entries.flatMap(([name, { names = [] }]) => names.map((one) => [one, name])));
const byInterpreter = new Map(
  entries.flatMap(([name, { interpreters = [] }]) => interpreters.map((one) => [one, name])),
);

/** By name, else by the interpreter that the first line names. `head` is the beginning of the file. */
export function languageOf(path: string, head: string): Language | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
  return byName.get(name) ?? byExtension.get(extension) ?? (extension === '' ? interpreted(head) : undefined);
}

function interpreted(head: string): Language | undefined {
  const line = /^#!\s*(?:\S*\/)?(?:env\s+(?:-S\s+)?)?(?:\S*\/)?([\w.]+)/.exec(head);
  return line?.[1] === undefined ? undefined : byInterpreter.get(line[1].replace(/\d+\.\d+$/, '3'));
}
