import { dirname, join } from 'node:path/posix';
import type { Finding } from '@cadre/sdk';
import { commentFaults } from './comment-faults.ts';
import { symbolFinder } from './find-symbol.ts';
import { htmlPage } from './html-page.ts';
import { indexPage } from './index-page.ts';
import type { Page } from './lay-out.ts';
import { measureCoverage } from './measure-coverage.ts';
import { modulePage } from './module-page.ts';
import { linker } from './page-links.ts';
import type { Site } from './site.ts';

export type Format = 'html' | 'markdown';

export interface BuiltPages {
  /** By path relative to the documented folder. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Files are relative to the documented folder. */
  readonly findings: readonly Finding[];
}

/** The pages of all modules with an index. The same modules give the same bytes. */
export function buildPages(
  pages: readonly Page[],
  about: Pick<Site, 'name' | 'output' | 'exists'>,
  formats: readonly Format[],
): BuiltPages {
  const findings: Finding[] = pages.flatMap(commentFaults);
  const site: Site = { ...about, pages, coverage: measureCoverage(pages), find: symbolFinder(pages) };
  const placeOf = linker(site, (finding) => findings.push(finding));
  const texts = new Map([
    ['index', { title: about.name === undefined ? 'API' : `API of ${about.name}`, text: indexPage(site) }],
    ...pages.map(
      (page) => [page.name, { title: page.title, text: modulePage(page, site, placeOf) }] as const,
    ),
  ]);
  const files = new Map<string, Buffer>();
  for (const [name, { title, text }] of texts) {
    const path = join(about.output, name);
    if (formats.includes('markdown')) files.set(`${path}.md`, Buffer.from(text));
    if (formats.includes('html')) {
      files.set(`${path}.html`, Buffer.from(htmlPage(text, title, (href) => htmlAddress(href, name, texts))));
    }
  }
  return { files, findings };
}

/** Addresses of pages in Markdown become those of their HTML; all others stay. */
function htmlAddress(href: string, from: string, names: ReadonlyMap<string, unknown>): string {
  const [path = '', fragment] = href.split('#');
  if (!path.endsWith('.md') || /^\w+:/.test(path)) return href;
  const name = join(dirname(from), decodeURIComponent(path)).slice(0, -'.md'.length);
  if (!names.has(name)) return href;
  const address = `${path.slice(0, -'.md'.length)}.html`;
  return fragment === undefined ? address : `${address}#${fragment}`;
}
