import { didYouMean } from '../nearest.ts';
import { canonicalKey } from './canonical-key.ts';
import { isTree, type Tree } from './parse-file.ts';
import { childOf, type Shape } from './shape.ts';

export type LayerName = 'user' | 'workspace' | 'environment' | 'option' | 'override';

/** One value that one layer sets. */
export interface Setting {
  readonly layer: LayerName;
  /** As the schema spells it. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: string;
  /** Undefined for a key that the schema does not know. */
  readonly shape: Shape | undefined;
  /** What the writer of an unknown key may have meant. */
  readonly suggestion: string | undefined;
}

/**
 * Takes a layer's tree apart into single settings, keys spelled as the schema does. `originOf` gets the key as it
 * was written. Where the schema expects keys and finds none, the value is kept, for the validation to refuse it.
 */
export function settingsOf(
  tree: Tree,
  shape: Shape,
  layer: LayerName,
  originOf: (written: readonly string[]) => string,
): readonly Setting[] {
  const collect = (
    value: unknown,
    at: Shape,
    path: readonly string[],
    written: readonly string[],
  ): Setting[] => {
    const keys = at.properties === undefined ? undefined : keysIn(value);
    const leaf = { layer, path, value, origin: originOf(written), shape: at, suggestion: undefined };
    if (keys === undefined) return [leaf];
    return Object.entries(keys).flatMap(([key, child]) => {
      const known = childOf(at, key);
      if (known !== undefined) return collect(child, known.shape, [...path, known.name], [...written, key]);
      const names = [...(at.properties?.values() ?? [])].map(({ name }) => name);
      const origin = originOf([...written, key]);
      const suggestion = didYouMean(canonicalKey(key), names);
      return [{ layer, path: [...path, key], value: child, origin, shape: undefined, suggestion }];
    });
  };
  return collect(tree, shape, [], []);
}

/** A section whose keys are all commented out is null in YAML and sets nothing. */
function keysIn(value: unknown): Tree | undefined {
  if (value === null || value === undefined) return {};
  return isTree(value) ? value : undefined;
}

/** Puts settings over each other, weakest first, and adds the sections that the schema needs. */
export function merged(settings: readonly Setting[], shape: Shape): Tree {
  const tree = emptySections(shape);
  for (const { path, value } of settings) assign(tree, path, value);
  return tree;
}

function emptySections(shape: Shape): Record<string, unknown> {
  const tree = emptyTree();
  for (const { name, shape: child } of shape.properties?.values() ?? []) {
    if (child.required && child.properties !== undefined) tree[name] = emptySections(child);
  }
  return tree;
}

function assign(tree: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const inner = tree[key];
  const child = isTree(inner) ? { __proto__: null, ...inner } : emptyTree();
  assign(child, rest, value);
  tree[key] = child;
}

/** Without a prototype, so that a key called `__proto__` is a key like any other. */
function emptyTree(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}
