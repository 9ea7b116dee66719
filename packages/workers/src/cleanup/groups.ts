export type GroupName =
  | 'python bytecode'
  | 'test caches'
  | 'tool caches'
  | 'coverage data'
  | 'build leftovers'
  | 'editor leftovers'
  | 'node_modules';

/** What one kind of leftover looks like. All that is given must hold. */
export interface Rule {
  readonly group: GroupName;
  readonly kind: 'folder' | 'file';
  /** Name, or the last two parts of the path. */
  readonly name: RegExp;
  /** One of these stands beside it: `target` is Rust's only next to `Cargo.toml`. */
  readonly beside?: readonly string[];
  /** One of these stands inside: a folder `coverage` may be anything. */
  readonly holding?: readonly string[];
  /** Not changed for so many hours. An editor's swap file may be the only copy of what is being typed. */
  readonly minHours?: number;
}

const folder = (group: GroupName, name: RegExp, more: Partial<Rule> = {}): Rule => ({
  group,
  kind: 'folder',
  name,
  ...more,
});
const file = (group: GroupName, name: RegExp, more: Partial<Rule> = {}): Rule => ({
  group,
  kind: 'file',
  name,
  ...more,
});

/** Only what the tool that made it makes again by itself; the first rule that fits decides. */
export const RULES: readonly Rule[] = [
  folder('python bytecode', /^__pycache__$/),
  file('python bytecode', /\.py[co]$/),
  folder('test caches', /^(\.pytest_cache|\.tox|\.nox)$/),
  folder('tool caches', /^(\.mypy_cache|\.ruff_cache|\.pytype)$/),
  folder('tool caches', /^node_modules\/(\.cache|\.vite|\.vitest)$/),
  folder('tool caches', /^(\.next|\.nuxt|\.svelte-kit|\.angular)\/cache$/),
  folder('tool caches', /^(\.turbo|\.parcel-cache|\.sass-cache)$/),
  file('tool caches', /^(\.eslintcache|\.stylelintcache|.+\.tsbuildinfo)$/),
  folder('coverage data', /^(htmlcov|\.nyc_output)$/),
  folder('coverage data', /^coverage$/, {
    holding: ['lcov.info', 'coverage-final.json', 'clover.xml', 'cobertura-coverage.xml', 'lcov-report'],
  }),
  file('coverage data', /^\.coverage(\..+)?$/),
  file('coverage data', /^coverage\.xml$/),
  folder('build leftovers', /^target$/, { beside: ['Cargo.toml'] }),
  folder('build leftovers', /^build$/, { beside: ['setup.py'] }),
  file('editor leftovers', /^\.(DS_Store|directory)$|^Thumbs\.db$|^desktop\.ini$/),
  file('editor leftovers', /~$|^#.+#$/, { minHours: 24 }),
  file('editor leftovers', /^\..+\.sw[a-p]$/, { minHours: 24 * 7 }),
  folder('node_modules', /^node_modules$/, { beside: ['package.json'] }),
];

export const GROUPS: readonly GroupName[] = [...new Set(RULES.map(({ group }) => group))];
