export type DocumentedLanguage = 'javascript' | 'typescript' | 'python' | 'go';

/** Where a file could not be parsed: between its declarations, so that it says nothing for sure, or inside of one. */
export interface Fault {
  /** From 1. */
  readonly line: number;
  readonly isInside: boolean;
}

/** A file, or in Go a package, with what others may use of it. */
export interface DocumentedModule {
  /** Path of the file or, for a package, of its folder; relative to the documented folder. */
  readonly path: string;
  readonly language: DocumentedLanguage;
  readonly comment?: Comment;
  readonly symbols: readonly DocumentedSymbol[];
  /** What it hands on from elsewhere, as it is written: `{ add } from './add.ts'`. */
  readonly handedOn: readonly string[];
  /** Everything that has a name in it, also what it keeps to itself or imports: a comment may speak of these. */
  readonly names: ReadonlySet<string>;
}

export const SYMBOL_KINDS = [
  'function',
  'class',
  'interface',
  'type',
  'enum',
  'constant',
  'variable',
  'namespace',
  'constructor',
  'method',
  'property',
  'member',
] as const;

export interface DocumentedSymbol {
  readonly name: string;
  readonly kind: (typeof SYMBOL_KINDS)[number];
  /** One for each overload. */
  readonly signatures: readonly string[];
  readonly comment?: Comment;
  readonly parameters: readonly Parameter[];
  /** Type of what it answers, as the code says. */
  readonly returns?: string;
  readonly members: readonly DocumentedSymbol[];
  /** From 1. */
  readonly line: number;
  /** Where it stands; differs from the module's path in a package of several files. */
  readonly file: string;
}

export interface Parameter {
  readonly name: string;
  readonly type?: string;
  readonly fallback?: string;
}

/** What a comment or docstring says, taken apart. Texts are Markdown, and nobody has made sure that they are harmless. */
export interface Comment {
  readonly text: string;
  readonly parameters: readonly Described[];
  readonly returns?: Omit<Described, 'name'>;
  /** `name` is the type of what is thrown. */
  readonly throws: readonly Described[];
  /** Why, and what to use instead; may be empty. */
  readonly deprecated?: string;
  readonly examples: readonly string[];
  /** Other tags: `since`, `see`. */
  readonly notes: readonly Described[];
  /** Marked as nobody's business. */
  readonly hidden?: boolean;
}

export interface Described {
  readonly name: string;
  readonly type?: string;
  readonly text: string;
}
