import type { DocumentedModule, DocumentedSymbol } from './documented-module.ts';
import { slugger } from './slugger.ts';

/** The page of a module, with the places of its headings, so that every page can link to every other. */
export interface Page {
  readonly module: DocumentedModule;
  /** Below the output folder, without `.md` or `.html`. */
  readonly name: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  readonly symbols: readonly PlacedSymbol[];
}

export interface PlacedSymbol {
  readonly symbol: DocumentedSymbol;
  /** What follows `#` in a link. */
  readonly slug: string;
  /** How it is called on the page: `Store.get`. */
  readonly title: string;
  readonly members: readonly PlacedSymbol[];
}

const SECTIONS: readonly { readonly title: string; readonly kinds: readonly DocumentedSymbol['kind'][] }[] = [
  { title: 'Functions', kinds: ['function'] },
  { title: 'Classes', kinds: ['class'] },
  { title: 'Interfaces', kinds: ['interface'] },
  { title: 'Types', kinds: ['type'] },
  { title: 'Enums', kinds: ['enum'] },
  { title: 'Namespaces', kinds: ['namespace'] },
  { title: 'Constants', kinds: ['constant'] },
  { title: 'Variables', kinds: ['variable'] },
];

/** Sections by kind; inside of each the order of the code. Slugs are counted in the order of the headings. */
export function layOut(module: DocumentedModule): Page {
  const slug = slugger();
  const title = module.language === 'go' ? `package ${module.path}` : module.path;
  slug(title);
  const sections = SECTIONS.flatMap(({ title: heading, kinds }) => {
    const symbols = module.symbols.filter(({ kind }) => kinds.includes(kind));
    if (symbols.length === 0) return [];
    slug(heading);
    return [{ title: heading, symbols: symbols.map((symbol) => place(symbol, '', slug)) }];
  });
  return { module, name: pageName(module), title, sections };
}

function place(symbol: DocumentedSymbol, prefix: string, slug: (text: string) => string): PlacedSymbol {
  const title = `${prefix}${symbol.name}`;
  const own = slug(title);
  return {
    symbol,
    slug: own,
    title,
    members: symbol.members.map((member) => place(member, `${title}.`, slug)),
  };
}

/** With the extension, because `a.ts` and `a.py` may stand side by side. */
export function pageName({ path, language }: Pick<DocumentedModule, 'path' | 'language'>): string {
  return language === 'go' ? packagePage(path) : path;
}

export function packagePage(folder: string): string {
  return `${folder === '.' ? '' : `${folder}/`}package.go`;
}

export function placedIn(page: Page): PlacedSymbol[] {
  const withMembers = (placed: PlacedSymbol): PlacedSymbol[] => [
    placed,
    ...placed.members.flatMap(withMembers),
  ];
  return page.sections.flatMap(({ symbols }) => symbols.flatMap(withMembers));
}
