import { ActionError } from '@cadre/sdk';
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { quoteWord } from './split-words.ts';

/** The name of our entry in the configurations of other frameworks. Our own runs pass it over. */
export const ENTRY_ID = 'cadre';

type Framework = 'pre-commit' | 'lefthook';

export function hasEntry(framework: Framework, text: string, file: string): boolean {
  return entryPath(framework, parsed(text, file)) !== undefined;
}

/** The text with the entry; comments and the order of everything else stay. Throws ActionError `invalid_config`. */
export function addEntry(
  framework: Framework,
  text: string,
  file: string,
  command: readonly string[],
): string {
  const document = parsed(text, file);
  const line = command.map(quoteWord).join(' ');
  if (framework === 'lefthook') {
    document.setIn(
      ['pre-commit', 'commands', ENTRY_ID],
      document.createNode({ run: line, stage_fixed: true }),
    );
  } else {
    const hook = {
      id: ENTRY_ID,
      name: ENTRY_ID,
      entry: line,
      language: 'system',
      pass_filenames: false,
      always_run: true,
    };
    const repos = document.get('repos');
    if (!isSeq(repos)) throw new ActionError('invalid_config', `${file} has no list \`repos\``);
    repos.add(document.createNode({ repo: 'local', hooks: [hook] }));
  }
  return print(document, text);
}

/** The text without the entry, and without what only held it. */
export function removeEntry(framework: Framework, text: string, file: string): string {
  const document = parsed(text, file);
  const path = entryPath(framework, document);
  if (path === undefined) return text;
  for (let length = path.length; length > 1; length--) {
    const at = path.slice(0, length);
    const node = document.getIn(at, true);
    const isOurs = length === path.length;
    if (!isOurs && !isEmptied(node)) break;
    document.deleteIn(at);
  }
  return print(document, text);
}

/** A list of hooks without one is a `repo` without use. */
function isEmptied(node: unknown): boolean {
  if (isSeq(node)) return node.items.length === 0;
  if (!isMap(node)) return false;
  return (node as YAMLMap).items.length === 0 || (node.get('repo') === 'local' && !node.has('hooks'));
}

function entryPath(framework: Framework, document: Document): readonly (string | number)[] | undefined {
  if (framework === 'lefthook') {
    const path = ['pre-commit', 'commands', ENTRY_ID];
    return document.hasIn(path) ? path : undefined;
  }
  const repos = document.get('repos');
  if (!isSeq(repos)) return undefined;
  for (const [number, repo] of (repos as YAMLSeq).items.entries()) {
    const hooks = isMap(repo) ? repo.get('hooks') : undefined;
    const index = isSeq(hooks)
      ? hooks.items.findIndex((hook) => isMap(hook) && hook.get('id') === ENTRY_ID)
      : -1;
    if (index >= 0) return ['repos', number, 'hooks', index];
  }
  return undefined;
}

function parsed(text: string, file: string): Document {
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) throw new ActionError('invalid_config', `${file}: ${fault.message.trim()}`);
  return document;
}

/** Lists stay indented, or not, as the author writes them. */
function print(document: Document, text: string): string {
  const indentSeq = !/^( *)[^\s#-][^\n]*:[ \t]*\r?\n\1- /m.test(text);
  return document.toString({ lineWidth: 0, indentSeq });
}
