import { didYouMean } from '@cadre/core';
import { canonicalKey } from '@cadre/kit/config';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { ConfigSchema } from '../../config.ts';
import { EARLIER_KEYS } from './earlier-keys.ts';

export interface Translated {
  readonly settings: readonly Translation[];
  readonly left: readonly LeftKey[];
}

export interface Translation {
  /** As the earlier tool's table has it. */
  readonly from: string;
  /** A dotted key of `cadre.yaml`. */
  readonly key: string;
  readonly value: JsonValue;
}

/** A key that nothing was made of. */
export interface LeftKey {
  readonly key: string;
  readonly reason: string;
}

/** The settings that the earlier tool's table stands for, each as Cadre takes it, and the keys without counterpart. */
export function translateTable(table: JsonObject, stepNames: readonly string[]): Translated {
  const settings: Translation[] = [];
  const left: LeftKey[] = [];
  for (const [from, value] of Object.entries(table)) {
    const found = counterpart(from, value);
    const reason = typeof found === 'string' ? found : whyNot(found, stepNames);
    if (typeof found === 'string' || reason !== undefined) left.push({ key: from, reason: reason ?? '' });
    else settings.push(...Object.entries(found).map(([key, made]) => ({ from, key, value: made })));
  }
  return { settings, left };
}

function counterpart(from: string, value: JsonValue): JsonObject | string {
  const name = canonicalKey(from);
  const known = Object.hasOwn(EARLIER_KEYS, name) ? EARLIER_KEYS[name] : undefined;
  if (typeof known === 'string') return known;
  if (known !== undefined) return known(value);
  const keys = Object.keys(ConfigSchema.shape.hygiene.unwrap().shape);
  if (keys.includes(name) && name !== 'profiles') return { [`hygiene.${name}`]: value };
  return didYouMean(name, [...Object.keys(EARLIER_KEYS), ...keys]) ?? 'Cadre has no such setting';
}

/** A value that Cadre would refuse is told of, and the rest is taken over. */
function whyNot(settings: JsonObject, stepNames: readonly string[]): string | undefined {
  const checked = ConfigSchema.safeParse(nested(settings));
  if (!checked.success) return checked.error.issues[0]?.message ?? 'the value does not fit';
  const steps = checked.data.hygiene.profiles['imported']?.steps ?? [];
  const unknown = steps.find((step) => !stepNames.includes(step));
  if (unknown === undefined) return undefined;
  return `there is no step "${unknown}": ${didYouMean(unknown, stepNames) ?? 'cadre hygiene steps'}`;
}

function nested(settings: JsonObject): JsonObject {
  const within = ([first = '', ...rest]: readonly string[], value: JsonValue): JsonObject => ({
    [first]: rest.length === 0 ? value : within(rest, value),
  });
  return Object.entries(settings)
    .map(([key, value]) => within(key.split('.'), value))
    .reduce(merged, {});
}

function merged(left: JsonObject, right: JsonObject): JsonObject {
  const both = { ...left, ...right };
  for (const [key, value] of Object.entries(left)) {
    if (isTable(value) && isTable(right[key])) both[key] = merged(value, right[key]);
  }
  return both;
}

function isTable(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
