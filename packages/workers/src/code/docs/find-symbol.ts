import { type Page, placedIn } from './lay-out.ts';

export interface SymbolPlace {
  readonly page: Page;
  /** Absent for a whole module. */
  readonly slug?: string;
}

/** Finds what a comment on a page speaks of: on the same page first, then anywhere. */
export type FindSymbol = (name: string, from: Page) => SymbolPlace | undefined;

export function symbolFinder(pages: readonly Page[]): FindSymbol {
  const everywhere = new Map<string, SymbolPlace>();
  const local = new Map<Page, Map<string, SymbolPlace>>();
  const keep = (names: Map<string, SymbolPlace>, name: string, place: SymbolPlace) => {
    if (!names.has(name)) names.set(name, place);
  };
  for (const page of pages) {
    const names = new Map<string, SymbolPlace>();
    local.set(page, names);
    const dotted = dottedName(page);
    for (const name of [page.module.path, page.module.path.replace(/\.\w+$/, ''), dotted]) {
      keep(everywhere, name, { page });
    }
    for (const { slug, title, symbol } of placedIn(page)) {
      for (const map of [names, everywhere]) keep(map, title, { page, slug });
      keep(names, symbol.name, { page, slug });
      keep(everywhere, `${dotted}.${title}`, { page, slug });
    }
  }
  return (written, from) => {
    const name = written
      .replace(/^~/, '')
      .replace(/^module:/, '')
      .replace(/\(\)$/, '')
      .replaceAll(/[#~]/g, '.')
      .replace(/\.prototype\./, '.');
    return (
      local.get(from)?.get(name) ?? everywhere.get(name) ?? everywhere.get(`${dottedName(from)}.${name}`)
    );
  };
}

/** As Python imports it; `src` is a folder, not a package. */
function dottedName({ module }: Page): string {
  return module.path
    .replace(/\.\w+$/, '')
    .replace(/\/__init__$/, '')
    .replace(/^src\//, '')
    .replaceAll('/', '.');
}
