import type { core, ZodType } from 'zod';
import { configDir, type FolderOptions, variablePrefix } from '../data/folders.ts';
import { readText } from '../files/read-text.ts';
import { checkSettings } from './check-settings.ts';
import { environmentLayer } from './environment.ts';
import { type Explanation, explainKey } from './explain.ts';
import { type ConfigFault, invalidConfig } from './fault.ts';
import { findConfigFile } from './find-file.ts';
import { parseConfig, type Tree } from './parse-file.ts';
import { refuseClearSecrets, shownWithin } from './secrets.ts';
import { type LayerName, type Setting, settingsOf } from './settings.ts';
import { keysOf, type publishedSchema, type Shape, shapeOf } from './shape.ts';

export interface LoadOptions<Schema extends ZodType> extends FolderOptions {
  /** Its id names the variables, the folder of the user file (`config.yaml`) and the workspace file (`<app>.yaml`). */
  readonly app: string;
  /** Gives types, defaults (`.default`), texts (`.describe`) and secrets (`.meta({ secret: true })`). */
  readonly schema: Schema;
  /** `publishedSchema(schema)` where it was kept from earlier: making it takes longer than all the rest. */
  readonly published?: ReturnType<typeof publishedSchema> | undefined;
  /** Folder whose `<app>.yaml`, `.toml` or `.json` is the workspace file; without it there is none. */
  readonly workspace?: string;
  /** Files to read instead of those that are looked for; such a file must exist. */
  readonly files?: { readonly user?: string; readonly workspace?: string };
  /** What the command line says. */
  readonly options?: Tree;
  /** What the program insists on. */
  readonly overrides?: Tree;
  /** Unknown keys are faults: everywhere, or in the named sections. Default false: they are warnings. */
  readonly strict?: boolean | readonly string[];
  /** What counts of the settings that are known, in the order in which they are put over each other; absent: all. */
  readonly admit?: (settings: readonly Setting[]) => Promise<readonly Setting[]>;
}

export interface LoadedConfig<Value> {
  readonly value: Value;
  /** Unknown keys and variables. */
  readonly warnings: readonly ConfigFault[];
  /** The files that were read, weakest first. */
  readonly files: readonly string[];
  /** The whole configuration as it may be shown: without the values of secrets. */
  shown(): unknown;
  /** Every layer that sets a key, and which one won. Throws `invalid_value` with the nearest key. */
  explain(key: string): Explanation;
  /** All keys that can be set. */
  keys(): readonly string[];
}

/**
 * Merges, weakest first: defaults, user file, workspace file, variables, options, overrides. A missing file means
 * nothing set. Lists and single values replace each other, sections are merged.
 * Throws `config_corrupt`, `config_ambiguous`, `config_invalid` (all faults), `secret_in_config`.
 */
export async function loadConfig<Schema extends ZodType>(
  options: LoadOptions<Schema>,
): Promise<LoadedConfig<core.output<Schema>>> {
  const { app, schema, workspace } = options;
  const shape = shapeOf(schema, options.published);
  const userFile = options.files?.user ?? (await findConfigFile(configDir(app, options), 'config'));
  const workspaceFile =
    options.files?.workspace ?? (workspace === undefined ? undefined : await findConfigFile(workspace, app));
  const inFiles = [
    ...(await fileLayer(userFile, 'user', shape)),
    ...(await fileLayer(workspaceFile, 'workspace', shape)),
  ];
  refuseClearSecrets(inFiles);
  const environment = environmentLayer(options.env ?? process.env, variablePrefix(app), shape);
  const settings = [
    ...inFiles,
    ...environment.settings,
    ...settingsOf(options.options ?? {}, shape, 'option', () => 'option'),
    ...settingsOf(options.overrides ?? {}, shape, 'override', () => 'override'),
  ];
  const unknown = settings.filter((setting) => setting.shape === undefined);
  const told = settings.filter((setting) => setting.shape !== undefined);
  const known = options.admit === undefined ? told : await options.admit(told);
  const [refused, tolerated] = split(unknown, (setting) => isStrict(setting, options.strict ?? false));
  const checked = checkSettings(schema, known, shape);
  const faults = [
    ...environment.faults,
    ...spelledTwice(told),
    ...refused.map(unknownKey),
    ...checked.faults,
  ];
  if (faults.length > 0) throw invalidConfig(faults);
  return {
    value: checked.value as core.output<Schema>,
    warnings: [...environment.warnings, ...tolerated.map(unknownKey)],
    files: [userFile, workspaceFile].filter((file) => file !== undefined),
    shown: () => shownWithin(checked.value, shape),
    explain: (key) => explainKey(key, shape, known, checked.value),
    keys: () => keysOf(shape),
  };
}

async function fileLayer(
  file: string | undefined,
  layer: LayerName,
  shape: Shape,
): Promise<readonly Setting[]> {
  if (file === undefined) return [];
  const { data, locate } = parseConfig(file, await readText(file));
  return settingsOf(data, shape, layer, (written) => `${file}:${locate(written).line}`);
}

function isStrict({ path }: Setting, strict: boolean | readonly string[]): boolean {
  return typeof strict === 'boolean' ? strict : strict.includes(path[0] ?? '');
}

function unknownKey({ path, origin, suggestion }: Setting): ConfigFault {
  return { key: path.join('.'), message: 'there is no such setting', origin, suggestion };
}

/** One file that sets `max-bytes` and `maxBytes` says two things at once. */
function spelledTwice(settings: readonly Setting[]): readonly ConfigFault[] {
  const seen = new Map<string, Setting>();
  return settings.flatMap((setting) => {
    const { layer, path, origin } = setting;
    const id = JSON.stringify([layer, path]);
    const before = seen.get(id);
    seen.set(id, setting);
    if (before === undefined) return [];
    return [
      {
        key: path.join('.'),
        message: `is set twice, also by ${before.origin}`,
        origin,
        suggestion: undefined,
      },
    ];
  });
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
