import { isSafeHref } from './safe-href.ts';

/** Where a text stands, and what the things are that it speaks of. */
export interface TextPlace {
  /** The address of a symbol; undefined when there is none. */
  readonly symbol: (name: string) => string | undefined;
  /** The address of what `href` leads to from the source file; undefined when there is nothing. */
  readonly target: (href: string) => string | undefined;
}

/**
 * A comment as Markdown that is safe to put on a page: no HTML, no headings, no definitions, no addresses but those of
 * the web and of the repository, and no code that does not end. What is code and what is not must be beyond doubt for
 * every reader of Markdown, because `<` stays only in code: fences begin their line, spans end on theirs.
 */
export function markdownText(text: string, place: TextPlace): string {
  const joined = text.replaceAll('\r', '').replace(/\{@\w+[^{}]*\}/g, (tag) => tag.replace(/\s*\n\s*/g, ' '));
  const lines: string[] = [];
  for (const block of blocksOf(joined.split('\n'))) {
    if (block.code === undefined) lines.push(proseLine(block.line, place));
    else lines.push(codeBlock(block.code.join('\n'), block.line));
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** As `markdownText`, for a place in a list: one line. */
export function markdownLine(text: string, place: TextPlace): string {
  const paragraph = text
    .replaceAll('\r', '')
    .split(/\n\s*\n/)
    .join('\n');
  return proseLine(paragraph.replace(/\s*\n\s*/g, ' ').trim(), place).trim();
}

/** The first sentence, for lists of contents. */
export function summaryOf(text: string): string {
  const paragraph = text.trim().split(/\n\s*\n/)[0] ?? '';
  const line = paragraph.startsWith('```') ? '' : paragraph.replace(/\s*\n\s*/g, ' ');
  return /^.*?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
}

export function codeBlock(code: string, language = ''): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language.replace(/[^\w+#-]/g, '')}\n${code}\n${fence}`;
}

export function codeSpan(text: string): string {
  const shown = text.replace(/\s+/g, ' ').trim();
  if (!shown.includes('`')) return `\`${shown}\``;
  const longest = Math.max(...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence} ${shown} ${fence}`;
}

interface Block {
  /** The line, or the language of the code. */
  readonly line: string;
  readonly code?: readonly string[];
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let index = 0; index < lines.length; ) {
    const line = lines[index] ?? '';
    const fence = /^( *)(`{3,}|~{3,})\s*([^`]*)$/.exec(line);
    if (fence !== null) {
      const [, indent = '', mark = '', language = ''] = fence;
      const closing = new RegExp(`^ *${mark[0] === '`' ? '`' : '~'}{${mark.length},}\\s*$`);
      const close = lines.findIndex((one, at) => at > index && closing.test(one));
      const end = close === -1 ? lines.length : close;
      const code = lines
        .slice(index + 1, end)
        .map((one) => one.replace(new RegExp(`^ {0,${indent.length}}`), ''));
      blocks.push({ line: language.trim().split(/\s/)[0] ?? '', code });
      index = end + 1;
    } else if (isIndentedCode(lines, index)) {
      let end = index;
      for (let at = index; at < lines.length && /^( {4}|\t|\s*$)/.test(lines[at] ?? ''); at += 1) {
        if (/\S/.test(lines[at] ?? '')) end = at + 1;
      }
      blocks.push({ line: '', code: lines.slice(index, end).map((one) => one.replace(/^( {4}|\t)/, '')) });
      index = end;
    } else {
      blocks.push({ line });
      index += 1;
    }
  }
  return blocks;
}

/** After a blank line, and not inside of a list. */
function isIndentedCode(lines: readonly string[], index: number): boolean {
  if (!/^( {4}|\t)\s*\S/.test(lines[index] ?? '') || /\S/.test(lines[index - 1] ?? '')) return false;
  const before = lines.slice(0, index).findLast((line) => /\S/.test(line));
  return before === undefined || !/^\s*([-*+]|\d+[.)])\s|^\s/.test(before);
}

function proseLine(line: string, place: TextPlace): string {
  // Links that are made here wait in a list, so that nothing that comes after changes them.
  const made: string[] = [];
  const keep = (link: string) => `\u0001${made.push(link) - 1}\u0001`;
  const plain = line.replaceAll('\u0001', '').replace(ROLE, (_, name: string) => keep(roleLink(name, place)));
  const parts: string[] = [];
  let end = 0;
  for (const span of spansOf(plain)) {
    parts.push(prose(plain.slice(end, span.index), place, keep), span[0]);
    end = span.index + span[0].length;
  }
  parts.push(prose(plain.slice(end), place, keep));
  // Marks of code side by side would be one longer mark, and what precedes a link must not change what it is.
  const joined = parts
    .join('')
    .replace(/\u0001`/g, '\u0001 `')
    .replace(/([`!\\])\u0001/g, '$1 \u0001');
  const shown = joined.replace(/\u0001(\d+)\u0001/g, (_, index: string) => made[Number(index)] ?? '');
  return withoutStructure(shown);
}

/** Sphinx's way to name a symbol. */
const ROLE = /:(?:\w+:)?(?:func|class|meth|mod|attr|exc|data|const|obj):`([^`]+)`/g;
const INLINE_TAG = /\{@(?:link|linkcode|linkplain|inheritDoc|see)\s+([^{}]+)\}/g;
const LINK = /!?\[((?:[^[\]\\]|\\.)*)\]\(\s*([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+["'(][^)]*)?\)/g;

/** None where it is doubtful: a backslash before a backtick, or a bar that may end the cell of a table inside of code. */
function spansOf(line: string): RegExpExecArray[] {
  if (line.includes('\\`')) return [];
  const spans = [...line.matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)];
  return line.includes('<') && spans.some(([text]) => text.includes('|')) ? [] : spans;
}

/** What would make a heading of a line or of the one above it. Marks of lists and quotations may precede. */
function withoutStructure(line: string): string {
  const heading = /^\s*#{1,6}\s+(\S.*?)\s*$/.exec(line)?.[1];
  if (heading !== undefined && /^[\p{L}\p{N}]/u.test(heading))
    return `**${heading.replace(/[\s#*]+$/, '')}**`;
  return line
    .replace(/^([\s>*+\-\d.)]*)(#{1,6})(?=\s|$)/, '$1\\$2')
    .replace(/^([\s>*+\-=_\d.)]*?)([=-]+)\s*$/, '$1\\$2');
}

function prose(text: string, place: TextPlace, keep: (link: string) => string): string {
  const shown = text
    .replace(INLINE_TAG, (_, inner: string) => keep(inlineLink(inner, place)))
    .replace(LINK, (_, label: string, href: string) => keep(hrefLink(label, href, place)));
  return neutral(shown);
}

/** Nothing of it is HTML, an image, a link, a definition or code. */
function neutral(text: string): string {
  return text
    .replaceAll('<', '&lt;')
    .replaceAll('`', '&#96;')
    .replaceAll('~~~', '\\~~~')
    .replaceAll('![', '!\\[')
    .replaceAll(']:', ']&#58;')
    .replaceAll('](', ']&#40;');
}

function hrefLink(label: string, href: string, place: TextPlace): string {
  const text = neutral(label);
  if (/^(https?|mailto):/i.test(href)) return isSafeHref(href) ? `[${text}](${href})` : text;
  const target = href.startsWith('#') ? undefined : place.target(href);
  return target === undefined ? text : `[${text}](${target})`;
}

/** `Name`, `Name | text`, `Name text`, or an address. */
function inlineLink(inner: string, place: TextPlace): string {
  const [, name = '', label = ''] = /^(\S+?)(?:\s*\|\s*|\s+|$)([\s\S]*)$/.exec(inner.trim()) ?? [];
  const text = label === '' ? codeSpanOf(name) : neutral(label).replaceAll('[', '\\[').replaceAll(']', '\\]');
  if (/^(https?|mailto):/i.test(name)) {
    return isSafeHref(name)
      ? `[${label === '' ? neutral(name) : text}](${name.replaceAll('(', '%28').replaceAll(')', '%29')})`
      : neutral(name);
  }
  const target = place.symbol(name);
  return target === undefined ? text : `[${text}](${target})`;
}

function roleLink(written: string, place: TextPlace): string {
  const [, label, name = written] = /^(.*?)\s*<([^<>]+)>$/.exec(written) ?? [];
  const short = name.startsWith('~') ? (name.split('.').at(-1) ?? name) : name;
  const target = place.symbol(name);
  const text = label === undefined ? codeSpanOf(short) : neutral(label);
  return target === undefined ? text : `[${text}](${target})`;
}

function codeSpanOf(name: string): string {
  // Were a backslash before it, the code would not begin.
  return /[|\\<`]/.test(name) ? neutral(name) : codeSpan(name);
}
