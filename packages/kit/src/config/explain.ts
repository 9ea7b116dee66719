import { KitError } from '../error.ts';
import { didYouMean } from '../nearest.ts';
import { keyParts } from './canonical-key.ts';
import { shown, shownWithin } from './secrets.ts';
import type { LayerName, Setting } from './settings.ts';
import { childOf, keysOf, type Shape } from './shape.ts';

export interface Explanation {
  /** As the schema spells it. */
  readonly key: string;
  /** What holds now. Secret values show as `secret:NAME` or `(secret)`. */
  readonly value: unknown;
  readonly description: string | undefined;
  readonly default: unknown;
  /** Weakest first. The last one of the whole key wins; parts of a section are listed one by one. */
  readonly layers: readonly {
    readonly layer: LayerName;
    readonly key: string;
    readonly value: unknown;
    readonly origin: string;
    readonly wins: boolean;
  }[];
}

export function explainKey(
  key: string,
  shape: Shape,
  settings: readonly Setting[],
  value: unknown,
): Explanation {
  const { path, shape: at } = resolveKey(key, shape);
  const related = settings.filter((setting) => path.every((part, index) => setting.path[index] === part));
  const winners = new Map(related.map((setting) => [setting.path.join('.'), setting]));
  return {
    key: path.join('.'),
    value: shownWithin(valueAt(value, path), at),
    description: at.description,
    default: shown(at.default, at.secret),
    layers: related.map((setting) => {
      const own = setting.path.join('.');
      return {
        layer: setting.layer,
        key: own,
        value: shown(setting.value, setting.shape?.secret === true),
        origin: setting.origin,
        wins: winners.get(own) === setting,
      };
    }),
  };
}

/** A key in any spelling to the schema's own. Throws `invalid_value` with the nearest keys. */
export function resolveKey(
  key: string | readonly string[],
  shape: Shape,
): { readonly path: readonly string[]; readonly shape: Shape } {
  const path: string[] = [];
  let at = shape;
  for (const part of keyParts(key)) {
    const child = childOf(at, part);
    if (child === undefined) throw unknownKey(keyParts(key).join('.'), shape);
    path.push(child.name);
    at = child.shape;
  }
  return { path, shape: at };
}

function unknownKey(key: string, shape: Shape): KitError {
  return new KitError('invalid_value', `there is no setting ${key}`, {
    hint: didYouMean(key, keysOf(shape)),
  });
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined),
    value,
  );
}
