import { nearest } from '../nearest.ts';
import { canonicalKey } from './canonical-key.ts';
import { convertText } from './convert.ts';
import type { ConfigFault } from './fault.ts';
import { isTree } from './parse-file.ts';
import { type Setting, settingsOf } from './settings.ts';
import { childOf, keysOf, type Shape } from './shape.ts';

export interface EnvironmentLayer {
  readonly settings: readonly Setting[];
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** Variables of the application that are no settings: `<APP>_HOME` chooses the folders before any file is read. */
const NO_SETTINGS = ['HOME'];

/** `<PREFIX>_SECTION__KEY`: two underscores go one level down, one joins words. */
export function environmentLayer(
  env: Readonly<Record<string, string | undefined>>,
  prefix: string,
  shape: Shape,
): EnvironmentLayer {
  const layers = Object.entries(env).map(([name, text]) => {
    const rest = name.startsWith(`${prefix}_`) ? name.slice(prefix.length + 1) : '';
    if (text === undefined || rest === '' || NO_SETTINGS.includes(rest)) return NOTHING;
    return variableLayer(name, rest, text, shape, prefix);
  });
  return {
    settings: layers.flatMap(({ settings }) => settings),
    faults: layers.flatMap(({ faults }) => faults),
    warnings: layers.flatMap(({ warnings }) => warnings),
  };
}

const NOTHING: EnvironmentLayer = { settings: [], faults: [], warnings: [] };

function variableLayer(
  name: string,
  rest: string,
  text: string,
  shape: Shape,
  prefix: string,
): EnvironmentLayer {
  const found = find(shape, rest.split('__'));
  if (found === undefined) return { ...NOTHING, warnings: [unknownVariable(name, rest, shape, prefix)] };
  const { path, shape: target } = found;
  const converted = convertText(text, target);
  if (!converted.ok) {
    const fault = { key: path.join('.'), message: converted.message, origin: name, suggestion: undefined };
    return { ...NOTHING, faults: [fault] };
  }
  const { value } = converted;
  const whole = target.properties !== undefined && isTree(value);
  const parts = whole ? settingsOf(value, target, 'environment', () => name) : undefined;
  const single = {
    layer: 'environment',
    path: [],
    value,
    origin: name,
    shape: target,
    suggestion: undefined,
  } as const;
  const settings = (parts ?? [single]).map((setting) => ({ ...setting, path: [...path, ...setting.path] }));
  return { ...NOTHING, settings };
}

function find(shape: Shape, segments: readonly string[]): { path: string[]; shape: Shape } | undefined {
  let at = shape;
  const path: string[] = [];
  for (const segment of segments) {
    const child = childOf(at, segment.toLowerCase());
    if (child === undefined) return undefined;
    path.push(child.name);
    at = child.shape;
  }
  return { path, shape: at };
}

function unknownVariable(name: string, rest: string, shape: Shape, prefix: string): ConfigFault {
  // Compared without the prefix: it is right already and would make anything look near.
  const known = keysOf(shape).map((key) => variableOf(key, prefix).slice(prefix.length + 1));
  const [best] = nearest(rest, known);
  const suggestion = best === undefined ? undefined : `did you mean ${prefix}_${best}?`;
  return { key: '', message: 'no setting has this variable', origin: name, suggestion };
}

/** `hygiene.maxBytes` to `CADRE_HYGIENE__MAX_BYTES`. */
export function variableOf(key: string, prefix: string): string {
  const parts = key.split('.').map((part) =>
    canonicalKey(part)
      .replace(/([A-Z])/g, '_$1')
      .toUpperCase(),
  );
  return `${prefix}_${parts.join('__')}`;
}
