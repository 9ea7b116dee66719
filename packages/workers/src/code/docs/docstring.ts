import type { Comment, Described } from './documented-module.ts';

/** What sections of Google's and of NumPy's style are called; the rest of the text is left as it is. */
const SECTIONS: Readonly<Record<string, 'parameters' | 'returns' | 'throws' | 'examples' | 'deprecated'>> = {
  args: 'parameters',
  arguments: 'parameters',
  parameters: 'parameters',
  params: 'parameters',
  'other parameters': 'parameters',
  'keyword args': 'parameters',
  'keyword arguments': 'parameters',
  returns: 'returns',
  return: 'returns',
  yields: 'returns',
  raises: 'throws',
  except: 'throws',
  exceptions: 'throws',
  example: 'examples',
  examples: 'examples',
  deprecated: 'deprecated',
};

interface Parts {
  readonly text: string[];
  readonly parameters: Described[];
  readonly throws: Described[];
  readonly examples: string[];
  returns?: Omit<Described, 'name'>;
  deprecated?: string;
}

/** The value of a literal as `inspect.cleandoc` shows it; undefined for what is no docstring, such as an f-string. */
export function docstringOf(literal: string): string | undefined {
  const found = /^(u|r)?("""|'''|"|')([\s\S]*)\2$/i.exec(literal);
  if (found === null) return undefined;
  const isRaw = found[1]?.toLowerCase() === 'r';
  return dedent(isRaw ? (found[3] ?? '') : unescaped(found[3] ?? ''));
}

/** Takes a docstring of Google's, NumPy's or Sphinx's style apart. */
export function parseDocstring(text: string): Comment {
  const parts: Parts = { text: [], parameters: [], throws: [], examples: [] };
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; ) {
    index =
      readSection(lines, index, parts) ?? readField(lines, index, parts) ?? readLine(lines, index, parts);
  }
  const { returns, deprecated } = parts;
  return {
    text: fenceDoctests(
      parts.text
        .join('\n')
        .replace(/\n{3,}/g, '\n\n')
        .trim(),
    ),
    parameters: parts.parameters,
    throws: parts.throws,
    examples: parts.examples,
    notes: [],
    ...(returns === undefined ? {} : { returns }),
    ...(deprecated === undefined ? {} : { deprecated }),
  };
}

function readLine(lines: readonly string[], index: number, parts: Parts): number {
  parts.text.push(lines[index] ?? '');
  return index + 1;
}

/** `Args:` with what is indented below it, or `Parameters` underlined with what follows until the next title. */
function readSection(lines: readonly string[], index: number, parts: Parts): number | undefined {
  const line = lines[index] ?? '';
  const google = /^(\w[\w ]*):\s*$/.exec(line)?.[1];
  const numpy = /^-{3,}\s*$/.test(lines[index + 1] ?? '') ? line.trim() : undefined;
  const section = SECTIONS[(google ?? numpy ?? '').toLowerCase()];
  if (section === undefined) return undefined;
  const from = google === undefined ? index + 2 : index + 1;
  const end = google === undefined ? numpyEnd(lines, from) : indentedEnd(lines, from);
  if (end === from) return undefined;
  const body = dedent(`\n${lines.slice(from, end).join('\n')}`);
  const items = google === undefined ? numpyItems(body) : googleItems(body);
  if (section === 'parameters') parts.parameters.push(...items.flatMap(oneForEachName));
  else if (section === 'throws') parts.throws.push(...items);
  else if (section === 'returns')
    parts.returns = google === undefined ? numpyReturns(body) : googleReturns(body);
  else if (section === 'examples') parts.examples.push(exampleOf(body));
  else parts.deprecated = body;
  return end;
}

/** `:param str name: text`, `:rtype: str`, `.. deprecated:: 1.2`; the lines below belong to it while they are indented. */
function readField(lines: readonly string[], index: number, parts: Parts): number | undefined {
  const line = lines[index] ?? '';
  const field = /^(?::(\w+)(?:\s+([^:]*?))?:|\.\. (deprecated)::)\s*(.*)$/.exec(line);
  if (field === null) return undefined;
  const end = indentedEnd(lines, index + 1);
  const text = dedent(`${field[4] ?? ''}\n${lines.slice(index + 1, end).join('\n')}`);
  const words = (field[2] ?? '').trim().split(/\s+/);
  const name = (words.at(-1) ?? '').replace(/^\*+/, '');
  const type = words.slice(0, -1).join(' ');
  const kind = field[3] ?? field[1] ?? '';
  if (/^(param|parameter|arg|argument|key|keyword)$/.test(kind)) {
    parts.parameters.push({ name, text, ...(type === '' ? {} : { type }) });
  } else if (kind === 'type') {
    const at = parts.parameters.findIndex((one) => one.name === name);
    if (at !== -1) parts.parameters[at] = { ...(parts.parameters[at] as Described), type: text };
  } else if (/^(returns?|yields?)$/.test(kind)) parts.returns = { ...parts.returns, text };
  else if (kind === 'rtype') parts.returns = { text: parts.returns?.text ?? '', type: text };
  else if (/^(raises?|except|exception)$/.test(kind)) parts.throws.push({ name, text });
  else if (kind === 'deprecated') parts.deprecated = text;
  else return undefined;
  return end;
}

/** After the last indented line; blank lines between indented ones belong to them. */
function indentedEnd(lines: readonly string[], from: number): number {
  let end = from;
  for (let index = from; index < lines.length && /^(\s|$)/.test(lines[index] ?? ''); index += 1) {
    if ((lines[index] ?? '').trim() !== '') end = index + 1;
  }
  return end;
}

function numpyEnd(lines: readonly string[], from: number): number {
  const next = lines.findIndex((line, index) => index > from && /^-{3,}\s*$/.test(line));
  return next === -1 ? lines.length : next - 1;
}

/** `name (type): text`, and what is indented more belongs to the text. */
function googleItems(body: string): Described[] {
  return itemsOf(body).map((item) => {
    const found = /^(\*{0,2}[\w.]+)\s*(?:\(([^)]*)\))?\s*:\s*([\s\S]*)$/.exec(item);
    if (found === null) return { name: '', text: item };
    return described(found[1], found[2]?.replace(/,?\s*optional$/, ''), found[3]);
  });
}

/** `name : type` and the text indented below. */
function numpyItems(body: string): Described[] {
  return itemsOf(body).map((item) => {
    const [head = '', ...text] = item.split('\n');
    const [name, ...type] = head.split(':');
    return described(
      name?.trim(),
      type
        .join(':')
        .trim()
        .replace(/,?\s*optional$/, ''),
      text.join('\n').trim(),
    );
  });
}

function described(name = '', type: string | undefined, text = ''): Described {
  return { name: name.replaceAll('*', ''), text, ...(type ? { type } : {}) };
}

function itemsOf(body: string): string[] {
  const items: string[][] = [];
  for (const line of body.split('\n')) {
    if (/^\S/.test(line)) items.push([line]);
    else items.at(-1)?.push(line.trim());
  }
  return items.map((lines) => lines.join('\n').trim());
}

function oneForEachName(item: Described): Described[] {
  return item.name.split(/,\s*/).map((name) => ({ ...item, name }));
}

function googleReturns(body: string): Omit<Described, 'name'> {
  const found = /^([\w.]+(?:\[[^\n]*\])?(?: \| [\w.]+(?:\[[^\n]*\])?)*):\s+([\s\S]*)$/.exec(body);
  return found === null ? { text: body } : { type: found[1] ?? '', text: found[2] ?? '' };
}

function numpyReturns(body: string): Omit<Described, 'name'> {
  const [first] = numpyItems(body);
  if (first === undefined) return { text: body };
  return { type: first.type ?? first.name, text: first.text };
}

function exampleOf(body: string): string {
  if (/^\s*(```|~~~)/m.test(body)) return body;
  return /^>>> /m.test(body) ? fenceDoctests(body) : `\`\`\`python\n${body}\n\`\`\``;
}

/** A session of the interpreter ends at a blank line; in Markdown its marks would be quotations. */
function fenceDoctests(text: string): string {
  if (/^\s*(```|~~~)/m.test(text)) return text;
  return text.replace(/^>>> .*(?:\n(?!\s*$).*)*/gm, (session) => `\`\`\`pycon\n${session}\n\`\`\``);
}

function dedent(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').replaceAll('\t', '        ').split('\n');
  const indents = lines
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const indent = indents.length === 0 ? 0 : Math.min(...indents);
  const shown = lines.map((line, index) => (index === 0 ? line.trim() : line.slice(indent).trimEnd()));
  return shown.join('\n').replace(/^\n+|\n+$/g, '');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

function unescaped(text: string): string {
  return text.replace(/\\(u[0-9a-f]{4}|x[0-9a-f]{2}|[\s\S])/gi, (whole, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ESCAPES[code] ?? (`\\'"`.includes(code) ? code : whole);
  });
}
