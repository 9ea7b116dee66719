export type Language =
  | 'javascript'
  | 'typescript'
  | 'tsx'
  | 'python'
  | 'go'
  | 'rust'
  | 'shell'
  | 'dockerfile'
  | 'workflow'
  | 'settings';

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  js: 'javascript',
  cjs: 'javascript',
  mjs: 'javascript',
  jsx: 'javascript',
  ts: 'typescript',
  cts: 'typescript',
  mts: 'typescript',
  tsx: 'tsx',
  py: 'python',
  pyw: 'python',
  go: 'go',
  rs: 'rust',
  sh: 'shell',
  bash: 'shell',
  zsh: 'shell',
  dockerfile: 'dockerfile',
  env: 'settings',
  ini: 'settings',
  cfg: 'settings',
  conf: 'settings',
  properties: 'settings',
  toml: 'settings',
  yml: 'settings',
  yaml: 'settings',
};

const BY_NAME: readonly (readonly [RegExp, Language])[] = [
  [/(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/, 'workflow'],
  [/(?:^|\/)action\.ya?ml$/, 'workflow'],
  [/(?:^|\/)(?:Dockerfile|Containerfile)(?:\.[^/]+)?$/, 'dockerfile'],
  [/(?:^|\/)\.env(?:\.[^/]+)?$/, 'settings'],
  [/(?:^|\/)\.(?:npmrc|pypirc|netrc)$/, 'settings'],
];

const INTERPRETERS: readonly (readonly [RegExp, Language])[] = [
  [/^#![^\n]{0,100}\bpython/, 'python'],
  [/^#![^\n]{0,100}\bnode\b/, 'javascript'],
  [/^#![^\n]{0,100}\b(?:ba|da|z|k)?sh\b/, 'shell'],
];

/** By name, then extension, then the first line; undefined for what no rule knows. */
export function languageOf(path: string, text: string): Language | undefined {
  const named = BY_NAME.find(([pattern]) => pattern.test(path));
  if (named !== undefined) return named[1];
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  const known = extension === undefined ? undefined : BY_EXTENSION[extension];
  return known ?? (text.startsWith('#!') ? INTERPRETERS.find(([line]) => line.test(text))?.[1] : undefined);
}
