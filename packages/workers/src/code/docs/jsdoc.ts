import type { Comment, Described } from './documented-module.ts';

interface Tag {
  readonly name: string;
  readonly text: string;
}

const HIDDEN = new Set(['internal', 'private', 'ignore', 'hidden', 'protected']);
const MODULE_TAGS = new Set(['module', 'packagedocumentation', 'file', 'fileoverview', 'overview']);
/** They repeat what the code says, or speak to other tools. */
const SILENT = new Set([
  'public',
  'export',
  'async',
  'function',
  'func',
  'class',
  'constructor',
  'type',
  'override',
]);

export function isJsDoc(text: string): boolean {
  return text.startsWith('/**') && text !== '/**/';
}

/** Whether a comment says of itself that it is about the whole file. */
export function isModuleComment(text: string): boolean {
  return tagsOf(bodyOf(text)).tags.some(({ name }) => MODULE_TAGS.has(name));
}

/** Takes apart what stands between the marks of a JSDoc or TSDoc comment. */
export function parseJsDoc(text: string): Comment {
  const { description, tags } = tagsOf(bodyOf(text));
  const texts = [description];
  const parameters: Described[] = [];
  const throws: Described[] = [];
  const notes: Described[] = [];
  const examples: string[] = [];
  let returns: Comment['returns'];
  let deprecated: string | undefined;
  let hidden = false;
  for (const { name, text: said } of tags) {
    if (name === 'param' || name === 'arg' || name === 'argument') parameters.push(named(said));
    else if (name === 'returns' || name === 'return') returns = typed(said);
    else if (name === 'throws' || name === 'exception') throws.push(thrown(said));
    else if (name === 'deprecated') deprecated = said;
    else if (name === 'example') examples.push(exampleOf(said));
    else if (name === 'remarks' || name === 'description' || name === 'desc' || name === 'summary')
      texts.push(said);
    else if (MODULE_TAGS.has(name)) texts.push(name.startsWith('file') || name === 'overview' ? said : '');
    else if (HIDDEN.has(name)) hidden = true;
    else if (!SILENT.has(name)) notes.push({ name, text: said });
  }
  return {
    text: texts.filter((one) => one !== '').join('\n\n'),
    parameters,
    throws,
    examples,
    notes,
    ...(returns === undefined ? {} : { returns }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(hidden ? { hidden } : {}),
  };
}

function bodyOf(text: string): string[] {
  return text
    .replace(/^\/\*\*+/, '')
    .replace(/\**\*\/$/, '')
    .split(/\r?\n/)
    .map((line, index) => (index === 0 ? line.trim() : line.replace(/^\s*\* ?/, '').trimEnd()));
}

/** A tag begins a line; inside of a fenced example `@` is code. */
function tagsOf(lines: readonly string[]): { description: string; tags: Tag[] } {
  const parts: { name: string; lines: string[] }[] = [{ name: '', lines: [] }];
  let isCode = false;
  for (const line of lines) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const tag = isCode ? undefined : /^\s*@([A-Za-z]+)\b ?(.*)$/.exec(line);
    if (tag) parts.push({ name: (tag[1] ?? '').toLowerCase(), lines: [tag[2] ?? ''] });
    else parts.at(-1)?.lines.push(line);
  }
  const [description, ...tags] = parts.map(({ name, lines: own }) => ({ name, text: trimmed(own) }));
  return { description: description?.text ?? '', tags };
}

function trimmed(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replace(/^(\s*\n)+/, '')
    .trimEnd();
}

/** `{string} [name=1] - text`, with or without each of it. */
function named(text: string): Described {
  const { type, rest } = leadingType(text);
  const found = /^(\[[^\]]*\]|\S+)\s*(?:-\s+)?([\s\S]*)$/.exec(rest);
  const name = (found?.[1] ?? '')
    .replace(/^\[|\]$/g, '')
    .replace(/=.*$/s, '')
    .replace(/^\.\.\./, '');
  return { name, text: found?.[2] ?? '', ...(type === undefined ? {} : { type }) };
}

function typed(text: string): Omit<Described, 'name'> {
  const { type, rest } = leadingType(text);
  return { text: rest.replace(/^-\s+/, ''), ...(type === undefined ? {} : { type }) };
}

/** Without braces the first word is the type when it is the name of a class. */
function thrown(text: string): Described {
  const { type, rest } = leadingType(text);
  if (type !== undefined) return { name: type, text: rest.replace(/^-\s+/, '') };
  const found = /^([A-Z]\w*(?:Error|Exception)?)\b(?=\s|$)(?:\s*-\s+)?\s*([\s\S]*)$/.exec(text);
  const isName = found !== null && /(Error|Exception)$/.test(found[1] ?? '');
  return isName ? { name: found[1] ?? '', text: found[2] ?? '' } : { name: '', text };
}

/** A type in braces, which may hold braces; `{@link …}` is none. */
function leadingType(text: string): { type?: string; rest: string } {
  const start = text.trimStart();
  if (!start.startsWith('{') || start.startsWith('{@')) return { rest: start };
  let depth = 0;
  for (const [index, character] of [...start].entries()) {
    depth += Number(character === '{') - Number(character === '}');
    if (depth === 0) {
      const characters = [...start];
      return {
        type: characters.slice(1, index).join('').trim(),
        rest: characters
          .slice(index + 1)
          .join('')
          .trimStart(),
      };
    }
  }
  return { rest: start };
}

/** An example without fences is code as a whole. */
function exampleOf(text: string): string {
  const caption = /^<caption>(.*?)<\/caption>\s*/.exec(text);
  const code = caption === null ? text : text.slice(caption[0].length);
  const shown = /^\s*(```|~~~)/m.test(code) ? code : `\`\`\`\n${code}\n\`\`\``;
  return caption === null ? shown : `${caption[1]}\n\n${shown}`;
}
