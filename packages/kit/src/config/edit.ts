import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ZodType } from 'zod';
import { KitError } from '../error.ts';
import { contentVersion } from '../files/hash-file.ts';
import { isTaken } from '../files/is-taken.ts';
import { lock } from '../files/lock.ts';
import { readText } from '../files/read-text.ts';
import { realTarget } from '../files/real-target.ts';
import { writeAtomic } from '../files/write-atomic.ts';
import { canonicalKey, keyParts } from './canonical-key.ts';
import { checkSettings } from './check-settings.ts';
import { convertText } from './convert.ts';
import { editJson } from './edit-json.ts';
import { editToml } from './edit-toml.ts';
import { editYaml } from './edit-yaml.ts';
import { resolveKey } from './explain.ts';
import { invalidConfig } from './fault.ts';

import { type ConfigFormat, formatOf, isTree, parseConfig, type Tree } from './parse-file.ts';
import { refuseClearSecrets } from './secrets.ts';
import { settingsOf } from './settings.ts';
import { shapeOf } from './shape.ts';

export interface EditOptions {
  /** With it keys and values are checked, and text is converted to the type that the key wants. */
  readonly schema?: ZodType;
}

export interface ConfigChange {
  /** Dotted, as the file spells it now. */
  readonly key: string;
  readonly old: unknown;
  readonly new: unknown;
  readonly file: string;
}

/** Changes a text so that the value at the path is the given one (undefined: no key) and all says `expected`. */
export type Editor = (text: string, path: readonly string[], value: unknown, expected: Tree) => string;

const EDITORS: Readonly<Record<ConfigFormat, Editor>> = { json: editJson, yaml: editYaml, toml: editToml };

const LOCK_WAIT_MS = 5_000;

/**
 * Sets one key of a settings file, which is made when it is missing; comments and the order of keys stay.
 * Throws `config_corrupt`, `config_invalid`, `secret_in_config`, `not_editable` when the change cannot be made
 * without rewriting what the author wrote, `changed_meanwhile`; the file is then as before.
 */
export function setConfig(
  file: string,
  key: string | readonly string[],
  value: unknown,
  options: EditOptions = {},
): Promise<ConfigChange> {
  if (value === undefined)
    throw new KitError('invalid_value', `no value was given for ${keyParts(key).join('.')}`);
  return change(file, key, value, options);
}

/** Takes one key out of a settings file; a key that is not there is no fault and changes nothing. */
export function unsetConfig(
  file: string,
  key: string | readonly string[],
  options: EditOptions = {},
): Promise<ConfigChange> {
  return change(file, key, undefined, options);
}

async function change(
  file: string,
  key: string | readonly string[],
  value: unknown,
  { schema }: EditOptions,
): Promise<ConfigChange> {
  await using _held = await lock(await lockFolder(file), {
    waitMs: LOCK_WAIT_MS,
    holder: `a change of ${file}`,
  });
  const exists = await isTaken(file);
  const text = exists ? await readText(file) : '';
  const { data } = parseConfig(file, text);
  const { path, wanted } =
    schema === undefined ? { path: keyParts(key), wanted: value } : typed(key, value, schema);
  const written = spelledAsIn(data, path);
  const old = valueAt(data, written);
  const changed = { key: written.join('.'), old, new: wanted, file };
  if (isDeepStrictEqual(plain(old), plain(wanted))) return changed;
  const expected = withValue(data, written, wanted);
  const edited = EDITORS[formatOf(file)](text, written, wanted, expected);
  verify(file, edited, expected, changed.key);
  if (schema !== undefined && wanted !== undefined) validate(file, edited, written, schema);
  await writeAtomic(file, edited, { ifVersion: exists ? contentVersion(Buffer.from(text)) : null });
  return changed;
}

/** Not beside the file: a lock folder in a repository would be one more thing to ignore. */
async function lockFolder(file: string): Promise<string> {
  const name = createHash('sha256')
    .update(await realTarget(file))
    .digest('hex')
    .slice(0, 32);
  return join(tmpdir(), `config-locks-${userInfo().uid}`, name);
}

function typed(key: string | readonly string[], value: unknown, schema: ZodType) {
  const { path, shape } = resolveKey(key, shapeOf(schema));
  if (typeof value !== 'string') return { path, wanted: value };
  const converted = convertText(value, shape);
  if (converted.ok) return { path, wanted: converted.value };
  const fault = {
    key: path.join('.'),
    message: converted.message,
    origin: 'the given value',
    suggestion: undefined,
  };
  throw invalidConfig([fault]);
}

/** The author's spelling of the keys that stand in the file already, ours for the rest. */
function spelledAsIn(data: unknown, path: readonly string[]): readonly string[] {
  const [part, ...rest] = path;
  if (part === undefined) return [];
  const names = isTree(data) ? Object.keys(data) : [];
  const name = names.find((candidate) => canonicalKey(candidate) === canonicalKey(part)) ?? part;
  return [name, ...spelledAsIn(isTree(data) ? data[name] : undefined, rest)];
}

/** The edited text must say exactly the old settings and the new value: no editor is trusted to be careful. */
function verify(file: string, edited: string, expected: Tree, key: string): void {
  let said: unknown;
  try {
    said = parseConfig(file, edited).data;
  } catch (error) {
    throw notEditable(file, key, error);
  }
  if (!isDeepStrictEqual(plain(said), plain(expected))) throw notEditable(file, key);
}

function notEditable(file: string, key: string, cause?: unknown): KitError {
  return new KitError(
    'not_editable',
    `${key} cannot be changed in ${file} without rewriting other parts of it`,
    {
      hint: 'change it by hand in an editor',
      cause,
    },
  );
}

/** Only what the change touches: the file may leave required keys to other layers. */
function validate(file: string, edited: string, written: readonly string[], schema: ZodType): void {
  const shape = shapeOf(schema);
  const { data, locate } = parseConfig(file, edited);
  const settings = settingsOf(data, shape, 'workspace', (parts) => `${file}:${locate(parts).line}`);
  refuseClearSecrets(settings);
  const { path } = resolveKey(written, shape);
  const touched = checkSettings(
    schema,
    settings.filter((setting) => setting.shape !== undefined),
    shape,
  ).faults.filter(
    ({ key }) => `${key}.`.startsWith(`${path.join('.')}.`) || `${path.join('.')}.`.startsWith(`${key}.`),
  );
  if (touched.length > 0) throw invalidConfig(touched);
}

function withValue(data: Tree, [key, ...rest]: readonly string[], value: unknown): Tree {
  if (key === undefined) return data;
  if (rest.length > 0) {
    const inner = data[key];
    return { ...data, [key]: withValue(isTree(inner) ? inner : {}, rest, value) };
  }
  const { [key]: _, ...others } = data;
  return value === undefined ? others : { ...data, [key]: value };
}

function valueAt(data: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, part) => (isTree(at) ? at[part] : undefined), data);
}

/** Without prototypes and undefined values, dates as text: what two parsers mean alike is alike. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
