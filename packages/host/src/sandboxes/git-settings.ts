import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Who commits and how, without what else people keep in their git configuration: addresses with tokens, headers with
 * passwords, programs that hand out credentials.
 */
const SHOWN = [
  '(user|author|committer|commit|tag|gpg|init|pull|push|rebase|format|i18n)\\..*',
  'core\\.(autocrlf|eol|safecrlf|quotepath)',
].join('|');

/** The repository's own settings are read where it is used; here only those of the person and the system count. */
const SCOPES = new Set(['system', 'global']);

const run = promisify(execFile);

/** The text of a git configuration file with the settings that hold in a folder; empty where there is no git or none. */
export async function readGitSettings(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { PATH, HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL } = environment;
  const known = Object.entries({ PATH, HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL }).filter(
    ([, value]) => value !== undefined,
  );
  // `safe.directory`: settings may depend on the folder (`includeIf`), whoever owns it.
  const args = [
    '-c',
    'safe.directory=*',
    '-C',
    folder,
    'config',
    '--show-scope',
    '-z',
    '--get-regexp',
    `^(${SHOWN})$`,
  ];
  try {
    const { stdout } = await run('git', args, { env: Object.fromEntries(known) });
    return writeSettings(stdout.split('\0').slice(0, -1));
  } catch {
    // Git is not installed, or nothing of this is set.
    return '';
  }
}

/** `scope`, then `key` and value parted by a line feed, and so on. A key without a value means `true`. */
function writeSettings(fields: readonly string[]): string {
  const lines: string[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [scope = '', setting = ''] = fields.slice(at, at + 2);
    if (SCOPES.has(scope)) lines.push(...writeSetting(setting));
  }
  return lines.join('');
}

function writeSetting(setting: string): readonly string[] {
  const end = setting.indexOf('\n');
  const key = end < 0 ? setting : setting.slice(0, end);
  const parts = /^([^.]+)\.(?:(.+)\.)?([^.]+)$/.exec(key);
  if (parts === null) return [];
  const [, section, subsection, name] = parts;
  const head = subsection === undefined ? `[${section}]` : `[${section} ${quoted(subsection)}]`;
  return [`${head}\n\t${name} = ${end < 0 ? 'true' : quoted(setting.slice(end + 1))}\n`];
}

function quoted(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
