import type { Shape } from './shape.ts';

export type Converted =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

const SWITCHES: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** Text from a variable or a command line to the type that the schema wants; what it wants decides, not the look. */
export function convertText(text: string, shape: Shape): Converted {
  const choice = shape.choices.find((candidate) => String(candidate) === text);
  if (choice !== undefined) return { ok: true, value: choice };
  if (shape.accepts.length === 0) return { ok: true, value: text };
  for (const [type, convert] of CONVERTERS) {
    if (!shape.accepts.includes(type)) continue;
    const value = convert(text);
    if (value !== undefined) return { ok: true, value };
  }
  return { ok: false, message: `expected ${wanted(shape)}` };
}

/** In this order, because any text is also a string. */
const CONVERTERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['boolean', (text) => SWITCHES[text.toLowerCase()]],
  ['integer', toNumber],
  ['number', toNumber],
  [
    'array',
    (text) =>
      text.trimStart().startsWith('[') ? fromJson(text) : text.split(',').map((part) => part.trim()),
  ],
  ['object', fromJson],
  ['string', (text) => text],
];

function toNumber(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wanted({ accepts, choices }: Shape): string {
  if (choices.length > 0) return choices.map((choice) => JSON.stringify(choice)).join(', ');
  const words = accepts.map((type) => (type === 'boolean' ? 'true or false' : type));
  return words
    .map((word) => (word === 'object' || word === 'array' ? `${word} (as JSON)` : word))
    .join(' or ');
}
