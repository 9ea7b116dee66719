import type { Completed, Finding } from '@cadre/sdk';
import type { Folder } from '../folder.ts';
import type { Language } from '../language.ts';

/** A formatter or linter as data: how it is recognised, called and understood. */
export interface Tool {
  /** What people call it and select it by. */
  readonly name: string;
  readonly program: string;
  readonly stage: 'format' | 'lint';
  readonly languages: readonly Language[];
  /** How this folder shows that its repository uses the tool, in words; undefined when it does not. */
  readonly chosen: (folder: Folder) => string | undefined;
  /** The one formatter or linter of its ecosystem: used where it is installed, also when nobody names it. */
  readonly canonical?: boolean;
  /** It sets blanks and line ends itself, so that the built-in pass has nothing to do. */
  readonly layout?: boolean;
  /** It reads more than the files that it is given and their settings: other sources, plug-ins of the repository. */
  readonly needsProject?: boolean;
  /** `files`: one call for many, names as last arguments. `stdin`: one call a file, text in and text out. */
  readonly input: 'files' | 'stdin';
  /** Arguments to write what it would change. Absent: it only finds. */
  readonly fix?: (folder: Folder) => readonly string[];
  /** Arguments to find without writing. Absent: it only writes. */
  readonly inspect?: (folder: Folder) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Exit codes that mean that all went well, findings or not; after others findings must be readable. */
  readonly exits: readonly number[];
  /** What it found, in the order of its output. */
  readonly parse: (completed: Completed) => readonly ToolFinding[];
  readonly version: { readonly program?: string; readonly arguments: readonly string[] };
  /** The oldest version that knows the options above. */
  readonly minimum?: string;
  readonly install: Install;
}

/** What a tool says about a file, named as it names it; absent for the only file that was given to it. */
export type ToolFinding = Omit<Finding, 'tool' | 'file' | 'confidence'> & { readonly file?: string };

/** The rule of a finding that says that the tool could not read the file. */
export const SYNTAX_RULE = 'syntax';

/** The package of each ecosystem that holds the tool; `other` is a whole command. */
export interface Install {
  readonly npm?: string;
  readonly python?: string;
  readonly apt?: string;
  readonly brew?: string;
  readonly other?: string;
}

export function syntaxFinding(
  file: string | undefined,
  line: string | number | undefined,
  column: string | number | undefined,
  message: string,
): ToolFinding {
  return {
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
    rule: SYNTAX_RULE,
    severity: 'high',
    message: message.trim(),
    fix: 'correct the syntax; until then the file is left as it is',
  };
}

/** Reads lines such as `a.go:2:10: expected ')'`; other lines are not findings. */
export function syntaxLines(text: string, pattern: RegExp): ToolFinding[] {
  return [...text.matchAll(pattern)].map(({ groups = {} }) =>
    syntaxFinding(groups['file'], groups['line'], groups['column'], groups['message'] ?? ''),
  );
}

/** JSON that a tool printed; undefined when it printed something else, as when it crashed. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
