import type { Comment, Described, DocumentedLanguage, Parameter } from './documented-module.ts';
import type { Page, PlacedSymbol } from './lay-out.ts';
import { codeBlock, codeSpan, markdownLine, markdownText, type TextPlace } from './markdown-text.ts';
import { hrefTo, hrefToSource, type PlaceOf } from './page-links.ts';
import { MARK, type Site } from './site.ts';

const FENCES: Readonly<Record<DocumentedLanguage, string>> = {
  javascript: 'js',
  typescript: 'ts',
  python: 'python',
  go: 'go',
};

/** The page of one module in Markdown. `placeOf` says what the texts of a file can link to. */
export function modulePage(page: Page, site: Site, placeOf: PlaceOf): string {
  const { module } = page;
  const place = placeOf(page, module.path);
  const up = hrefTo(site, page.name, 'index');
  const source = hrefToSource(site, page);
  const parts = [
    `<!-- ${MARK} -->`,
    `[API](${up}) / [${codeSpan(module.path)}](${source})`,
    `# ${codeSpan(page.title)}`,
    ...(module.comment === undefined ? [] : commentParts(module.comment, [], place)),
    ...(module.handedOn.length === 0
      ? []
      : [`**Hands on**`, module.handedOn.map((text) => `- ${codeSpan(text)}`).join('\n')]),
    ...page.sections.flatMap(({ title, symbols }) => [
      `## ${title}`,
      ...symbols.flatMap((placed) => symbolParts(placed, page, 3, placeOf)),
    ]),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function symbolParts(placed: PlacedSymbol, page: Page, level: number, placeOf: PlaceOf): string[] {
  const { symbol, title, members } = placed;
  const place = placeOf(page, symbol.file, symbol.line);
  const comment = symbol.comment;
  return [
    `${'#'.repeat(Math.min(level, 6))} ${codeSpan(title)}`,
    codeBlock(symbol.signatures.join('\n'), FENCES[page.module.language]),
    ...(comment === undefined
      ? parameterParts([], symbol.parameters, place)
      : commentParts(comment, symbol.parameters, place, symbol.returns)),
    ...members.flatMap((member) => symbolParts(member, page, level + 1, placeOf)),
  ];
}

function commentParts(
  comment: Comment,
  parameters: readonly Parameter[],
  place: TextPlace,
  returns?: string,
): string[] {
  const { text, deprecated, throws, examples, notes } = comment;
  return [
    ...(deprecated === undefined ? [] : [`> **Deprecated** ${markdownLine(deprecated, place)}`.trimEnd()]),
    markdownText(text, place),
    ...parameterParts(comment.parameters, parameters, place),
    returnsPart(comment.returns, returns, place),
    ...(throws.length === 0 ? [] : ['**Throws**', throws.map((one) => describedLine(one, place)).join('\n')]),
    ...examples.flatMap((example) => ['**Example**', markdownText(example, place)]),
    ...notes.map(({ name, text: note }) => `**${capital(name)}** ${markdownLine(note, place)}`.trimEnd()),
  ];
}

/** Those of the code in its order; only when somebody describes one, because the signature names them all. */
function parameterParts(
  described: readonly Described[],
  parameters: readonly Parameter[],
  place: TextPlace,
): string[] {
  if (described.length === 0) return [];
  const own = parameters.flatMap((parameter, index): Described[] => {
    const said =
      described.find(({ name }) => name === parameter.name) ?? destructured(parameter, described[index]);
    const type = parameter.type ?? said?.type;
    const fallback = parameter.fallback === undefined ? '' : ` = ${parameter.fallback}`;
    const name = said?.name ?? parameter.name;
    return [{ name: `${name}${type === undefined ? '' : `: ${type}`}${fallback}`, text: said?.text ?? '' }];
  });
  const used = new Set(own.map(({ name }) => name.split(/[:=]/)[0]?.trim()));
  // `options.depth` tells of a part of a parameter.
  const others = described.filter(({ name }) => !used.has(name));
  const lines = [...own, ...others].map((one) => describedLine(one, place));
  return ['**Parameters**', lines.join('\n')];
}

/** A parameter that is taken apart has no name but that of the comment at its place. */
function destructured({ name }: Parameter, described: Described | undefined): Described | undefined {
  return /^[{[]/.test(name) ? described : undefined;
}

function describedLine({ name, type, text }: Described, place: TextPlace): string {
  const head = name === '' ? '' : codeSpan(type === undefined || type === '' ? name : `${name}: ${type}`);
  const said = markdownLine(text, place);
  return `- ${[head, said].filter((part) => part !== '').join(' – ')}`;
}

function returnsPart(said: Comment['returns'], type: string | undefined, place: TextPlace): string {
  if (said === undefined) return '';
  const shown = type ?? said.type;
  const text = markdownLine(said.text, place);
  const head = shown === undefined || shown === '' ? '' : codeSpan(shown);
  return `**Returns** ${[head, text].filter((part) => part !== '').join(' – ')}`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
