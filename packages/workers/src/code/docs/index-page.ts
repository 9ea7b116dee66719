import { type Page, placedIn } from './lay-out.ts';
import { codeSpan, markdownLine, summaryOf, type TextPlace } from './markdown-text.ts';
import { countedIn, isDocumented } from './measure-coverage.ts';
import { hrefTo } from './page-links.ts';
import { MARK, type Site } from './site.ts';

/** They stand on the module's own page, where they are checked. */
const NO_LINKS: TextPlace = { symbol: () => undefined, target: () => undefined };

/** Everything that is documented: the modules, then all names in order of the alphabet. */
export function indexPage(site: Site): string {
  const { symbols, documented, share } = site.coverage;
  const heading = site.name === undefined ? 'API' : `API of ${codeSpan(site.name)}`;
  const modules = site.pages.map((page) => moduleLine(page, site));
  const entries = site.pages
    .flatMap((page) => placedIn(page).map((placed) => ({ page, ...placed })))
    .filter(({ symbol }) => symbol.kind !== 'constructor')
    .toSorted((a, b) => byName(a.title, b.title) || byName(a.page.name, b.page.name));
  const names = entries.map(({ page, title, slug, symbol }) => {
    const href = hrefTo(site, 'index', page.name, slug);
    const old = symbol.comment?.deprecated === undefined ? '' : ', deprecated';
    return `- [${codeSpan(title)}](${href}) – ${symbol.kind} of ${codeSpan(page.title)}${old}`;
  });
  const count = `${site.pages.length} modules, ${symbols} symbols, ${documented} of them documented (${share} %).`;
  const parts = [
    `<!-- ${MARK} -->`,
    `# ${heading}`,
    count,
    '## Modules',
    modules.join('\n'),
    ...(names.length === 0 ? [] : ['## Index', names.join('\n')]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function moduleLine(page: Page, site: Site): string {
  const counted = countedIn(page);
  const said = page.module.comment === undefined ? '' : summaryOf(page.module.comment.text);
  const text = said === '' ? '' : ` – ${markdownLine(said, NO_LINKS)}`;
  const share =
    counted.length === 0 ? '' : ` (${counted.filter(isDocumented).length} of ${counted.length} documented)`;
  return `- [${codeSpan(page.title)}](${hrefTo(site, 'index', page.name)})${text}${share}`;
}

/** By code units of the lower-case names, the same on every system. */
function byName(a: string, b: string): number {
  const [first, second] = a.toLowerCase() === b.toLowerCase() ? [a, b] : [a.toLowerCase(), b.toLowerCase()];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
