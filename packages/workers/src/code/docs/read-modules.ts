import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { type ActionContext, ActionError, type Finding, type Skipped } from '@cadre/sdk';
import { maskSecrets } from '../../audit/secrets/mask-secrets.ts';
import { loadTolerantParser } from '../built-in/javascript-tree.ts';
import type { Language } from '../language.ts';
import type { Source } from '../sources.ts';
import type { DocumentedLanguage, DocumentedModule, Fault } from './documented-module.ts';
import { type GoFile, joinPackage, readGo } from './go-package.ts';
import { javaScriptFault, readJavaScript } from './javascript-module.ts';
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
  const parseJavaScript = await loadTolerantParser();
  let done = 0;
  for (const source of sources) {
    if (context.signal.aborted)
      throw new ActionError('cancelled', 'the call was cancelled; nothing was written');
    const path = prefix === '' ? source.path : source.path.slice(prefix.length + 1);
    const raw = await readFile(join(workspace, source.path), 'utf8').catch(() => '');
    const { text, masked } = maskSecrets(source.path, raw.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'));
    if (masked > 0) findings.push(secretFinding(source.path, masked));
    // Half a package would look as if the other half were gone.
    const module = source.language === 'go' ? dirname(path) : path;
    const keep = (fault: Fault | undefined): boolean => {
      if (fault !== undefined) findings.push(syntaxFinding(source.path, fault));
      if (fault?.isInside === false) unread.push(module);
      return fault?.isInside !== false;
    };
    if (source.language === 'python') {
      const read = readPython(path, text);
      if (keep(read.fault)) modules.push(read.module);
    } else if (source.language === 'go') {
      const read = readGo(path, text);
      if (keep(read.fault)) packages.set(module, [...(packages.get(module) ?? []), read.module]);
    } else if (parseJavaScript !== undefined) {
      const tree = parseJavaScript(path, text);
      if (keep(javaScriptFault(tree)))
        modules.push(readJavaScript(path, source.language as DocumentedLanguage, tree));
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

function syntaxFinding(file: string, { line, isInside }: Fault): Finding {
  return {
    tool: 'docs',
    rule: 'syntax',
    severity: isInside ? 'info' : 'high',
    confidence: 'medium',
    file,
    line,
    message: isInside
      ? 'this part of the file cannot be parsed; what stands there may be missing on its page'
      : 'the file cannot be parsed, so it is not documented; an earlier page of it stays',
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
