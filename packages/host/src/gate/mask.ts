/** Takes secrets out of whatever leaves the gate. */
export interface Mask {
  /** From now on this value is hidden, in every form that one can expect it in. */
  add(secret: string): void;
  text(text: string): string;
  /** Plain data of the same shape with every text in it masked, names included. */
  data<T>(value: T): T;
  /** How many characters at the end of a text may be the beginning of a secret. */
  beginningAtEndOf(text: string): number;
}

/** What stands where a secret was. */
export const MASKED = '***';

/** Shorter ones cannot be hidden without hiding half of every text. */
const SHORTEST = 4;
/** A line of a key is a secret of its own, since logs come line by line; short ones are only its frame. */
const SHORTEST_LINE = 12;

/**
 * So much of a form is looked for, and where that stands it is seen whether the rest does too. No pattern can hold a long secret whole, and one
 * of many tokens would take seconds to make.
 */
const LOOKED_FOR = 24;

export function createMask(): Mask {
  let pattern: RegExp | undefined;
  const forms = new Set<string>();
  /** By what is looked for, the longest first, so that no part of a longer form is left over. */
  let beginnings = new Map<string, readonly string[]>();
  let lengths: readonly number[] = [];

  function formAt(text: string, at: number): string | undefined {
    let longest: string | undefined;
    for (const length of lengths) {
      const found = beginnings.get(text.slice(at, at + length))?.find((form) => text.startsWith(form, at));
      if (found !== undefined && found.length > (longest?.length ?? 0)) longest = found;
    }
    return longest;
  }

  function text(given: string): string {
    if (pattern === undefined) return given;
    let masked = '';
    let from = 0;
    pattern.lastIndex = 0;
    for (let found = pattern.exec(given); found !== null; found = pattern.exec(given)) {
      const { index } = found;
      const form = formAt(given, index);
      if (form !== undefined) {
        masked += given.slice(from, index) + MASKED;
        from = index + form.length;
      }
      pattern.lastIndex = form === undefined ? index + 1 : from;
    }
    return masked + given.slice(from);
  }

  return {
    add(secret) {
      const known = forms.size;
      for (const form of [secret, ...linesOf(secret)].flatMap(formsOf)) forms.add(form);
      if (forms.size === known) return;
      const longestFirst = [...forms].sort((a, b) => b.length - a.length);
      beginnings = Map.groupBy(longestFirst, (form) => form.slice(0, LOOKED_FOR));
      lengths = [...new Set([...beginnings.keys()].map(({ length }) => length))];
      pattern = new RegExp([...beginnings.keys()].map((one) => RegExp.escape(one)).join('|'), 'g');
    },
    text,
    beginningAtEndOf(text) {
      let longest = 0;
      for (const form of forms) {
        for (let length = Math.min(form.length - 1, text.length); length > longest; length -= 1) {
          // Long forms have many beginnings, and almost none is worth a closer look.
          if (text.charCodeAt(text.length - length) !== form.charCodeAt(0)) continue;
          if (text.endsWith(form.slice(0, length))) longest = length;
        }
      }
      return longest;
    },
    data: <T>(value: T) => (pattern === undefined ? value : (mapTexts(value, text) as T)),
  };
}

/** Plain data of the same shape with every text in it replaced, names included. */
export function mapTexts(value: unknown, text: (given: string) => string): unknown {
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return value.map((inner) => mapTexts(inner, text));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [text(name), mapTexts(inner, text)]),
  );
}

function linesOf(secret: string): readonly string[] {
  return secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE) : [];
}

/** As it is, in a URL, in a form, in JSON, and in base64 with whatever stands before it. */
function formsOf(secret: string): readonly string[] {
  if (secret.length < SHORTEST) return [];
  const url = encodeURIComponent(secret.toWellFormed());
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const forms = [secret, url, url.toLowerCase(), form, JSON.stringify(secret).slice(1, -1)];
  return [...new Set([...forms, ...base64Forms(secret)])];
}

/**
 * Base64 writes three bytes as four characters, so text inside something longer has three forms, by how many bytes stand
 * before it. Of each only the characters that depend on nothing but the secret are taken.
 */
function base64Forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const whole = [bytes.toString('base64'), bytes.toString('base64url')];
  const inside = [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor((padded.length * 8) / 6);
    const core = padded.toString('base64').slice(first, end);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...whole, ...inside].filter((form) => form.length >= SHORTEST);
}
