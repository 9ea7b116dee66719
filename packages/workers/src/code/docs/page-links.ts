import { dirname, join, normalize, relative } from 'node:path/posix';
import type { Finding } from '@cadre/sdk';
import type { Page } from './lay-out.ts';
import type { TextPlace } from './markdown-text.ts';
import { encodePath, isRelativeHref } from './safe-href.ts';
import type { Site } from './site.ts';

/** The address of a page as seen from another; in Markdown, the HTML gets its own. */
export function hrefTo(site: Site, from: string, to: string, slug?: string): string {
  const href = encodePath(relative(dirname(join(site.output, from)), `${join(site.output, to)}.md`));
  return slug === undefined ? href : `${href}#${encodeURIComponent(slug)}`;
}

export function hrefToSource(site: Site, { name, module }: Page): string {
  return encodePath(relative(dirname(join(site.output, name)), module.path)) || '.';
}

/** What a text of a file can link to; `line` is where it is told about. */
export type PlaceOf = (page: Page, file: string, line?: number) => TextPlace;

/** What texts may link to. Each link that leads nowhere is told once for every place where it stands. */
export function linker(site: Site, broken: (finding: Finding) => void): PlaceOf {
  const modules = new Map(site.pages.map((page) => [page.module.path, page]));
  return (page, file, line) => {
    const tell = (message: string, fix: string) =>
      broken({
        tool: 'docs',
        rule: 'broken-link',
        severity: 'medium',
        confidence: 'high',
        file,
        ...(line === undefined ? {} : { line }),
        message,
        fix,
      });
    return {
      symbol: (name) => {
        const found = site.find(name, page);
        if (found !== undefined) return hrefTo(site, page.name, found.page.name, found.slug);
        if (page.module.language !== 'python' && !isKnown(name, page)) {
          tell(
            `the comment links to ${name}, which is not documented`,
            'correct the name, or export what it means',
          );
        }
        return undefined;
      },
      target: (href) => {
        const [path = '', fragment] = href.split('#');
        if (!isRelativeHref(href)) return undefined;
        const target = targetOf(path, file);
        const module = target === undefined ? undefined : modules.get(target);
        if (module !== undefined) return hrefTo(site, page.name, module.name);
        if (target === undefined || !site.exists(target)) {
          tell(
            `the comment links to ${href}, which is not there`,
            'correct the link; it is read from the folder of the file',
          );
          return undefined;
        }
        const address = encodePath(relative(dirname(join(site.output, page.name)), target)) || '.';
        return fragment === undefined ? address : `${address}#${encodeURIComponent(fragment)}`;
      },
    };
  };
}

/** Relative to the documented folder; undefined when it leads out. */
function targetOf(href: string, file: string): string | undefined {
  const path = decoded(href.split('?')[0] ?? '');
  const target = path.startsWith('/') ? normalize(path.slice(1)) : join(dirname(file), path);
  return target === '..' || target.startsWith('../') ? undefined : target.replace(/\/$/, '');
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A name of the module that it keeps to itself, of what it imports, or of the language. */
function isKnown(name: string, { module }: Page): boolean {
  const first = name.split(/[.#~(]/)[0] ?? '';
  return module.names.has(first) || first in globalThis;
}
