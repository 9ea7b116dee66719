import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { type ActionContext, ActionError, type Finding, type Skipped } from '@cadre/sdk';
import { maskSecrets } from '../../audit/secrets/mask-secrets.ts';
import { loadJavaScriptParser } from '../built-in/javascript-tree.ts';
import type { Language } from '../language.ts';
import type { Source } from '../sources.ts';
import type { DocumentedLanguage, DocumentedModule } from './documented-module.ts';
import { type GoFile, joinPackage, readGo } from './go-package.ts';
import { readJavaScript } from './javascript-module.ts';
import { readPython } from './python-module.ts';

export interface Modules {
  readonly modules: readonly DocumentedModule[];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
  /** Modules that could not be understood; what was written about them before stays. */
  readonly unread: readonly string[];
}

const LANGUAGES: ReadonlySet<Language | undefined> = new Set(['javascript', 'typescript', 'python', 'go']);
/** Nobody uses what tests, settings of tools and examples of data define. */
const PRIVATE_FILE =
  /(^|\/)(tests?|__tests__|__mocks__|testdata|fixtures?|__fixtures__|e2e|migrations)\/|[._](test|spec|bench|stories)\.\w+$|(^|\/)(test_[^/]*|conftest|setup|noxfile|conf)\.py$|\.config\.\w+$|(^|\/)\.[^/]/;

/** Whether a file may hold what others use, in a language that the built-in generator reads. */
export function isDocumentable(path: string, language: Language | undefined): boolean {
  if (!LANGUAGES.has(language) || PRIVATE_FILE.test(path)) return false;
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A module with an underscore is its package's own business.
  return language !== 'python' || !name.startsWith('_') || name === '__init__.py';
}

/** Reads what files show to others. `prefix` is the documented folder, from which paths are counted. */
export async function readModules(
  context: ActionContext,
  workspace: string,
  prefix: string,
  sources: readonly Source[],
): Promise<Modules> {
  const modules: DocumentedModule[] = [];
  const packages = new Map<string, GoFile[]>();
  const findings: Finding[] = [];
  const unread: string[] = [];
  const skipped: Skipped[] = [];
  const parseJavaScript = await loadJavaScriptParser();
  let done = 0;
  for (const source of sources) {
    if (context.signal.aborted)
      throw new ActionError('cancelled', 'the call was cancelled; nothing was written');
    const path = prefix === '' ? source.path : source.path.slice(prefix.length + 1);
    const raw = await readFile(join(workspace, source.path), 'utf8').catch(() => '');
    const { text, masked } = maskSecrets(source.path, raw.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'));
    if (masked > 0) findings.push(secretFinding(source.path, masked));
    const fault = (line?: number, module = path) => {
      findings.push(syntaxFinding(source.path, line));
      unread.push(module);
    };
    if (source.language === 'python') {
      const read = readPython(path, text);
      if ('fault' in read) fault(read.fault);
      else modules.push(read);
    } else if (source.language === 'go') {
      const read = readGo(path, text);
      // Half a package would look as if the other half were gone.
      if ('fault' in read) fault(read.fault, dirname(path));
      else packages.set(dirname(path), [...(packages.get(dirname(path)) ?? []), read]);
    } else if (parseJavaScript !== undefined) {
      const tree = parseJavaScript(path, text);
      if (tree === undefined) fault(parseJavaScript.faultLine(path, text));
      else modules.push(readJavaScript(path, source.language as DocumentedLanguage, tree));
    }
    done += 1;
    context.progress({ label: 'comments', done, total: sources.length, unit: 'files' });
  }
  if (parseJavaScript === undefined && sources.some(isJavaScript)) skipped.push(parserMissing());
  for (const [folder, files] of packages)
    if (!unread.includes(folder)) modules.push(joinPackage(folder, files));
  return { modules: modules.filter(saysAnything).sort(byPath), findings, skipped, unread };
}

function saysAnything({ symbols, comment, handedOn }: DocumentedModule): boolean {
  return symbols.length > 0 || handedOn.length > 0 || (comment?.text ?? '') !== '';
}

function isJavaScript({ language }: Source): boolean {
  return language === 'javascript' || language === 'typescript';
}

function byPath(a: DocumentedModule, b: DocumentedModule): number {
  if (a.path === b.path) return 0;
  return a.path < b.path ? -1 : 1;
}

function syntaxFinding(file: string, line: number | undefined): Finding {
  return {
    tool: 'docs',
    rule: 'syntax',
    severity: 'high',
    confidence: 'medium',
    file,
    ...(line === undefined ? {} : { line }),
    message: 'the file cannot be parsed, so it is not documented; an earlier page of it stays',
    fix: 'correct the syntax',
  };
}

function secretFinding(file: string, count: number): Finding {
  return {
    tool: 'docs',
    rule: 'secret-masked',
    severity: 'info',
    confidence: 'medium',
    file,
    message: `${count} texts that look like secrets are masked in the documentation`,
  };
}

function parserMissing(): Skipped {
  return {
    tool: 'docs',
    reason: 'parser_missing',
    message: 'the parser of JavaScript and TypeScript cannot be loaded on this system',
    hint: 'install cadre anew, with optional dependencies',
  };
}
