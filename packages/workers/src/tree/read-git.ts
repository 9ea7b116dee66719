import type { ActionContext, Completed } from '@cadre/sdk';

/** A listing of a very large repository; the usual limit would silently cut it. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Settings under which git runs nothing that the repository's own configuration names: no file-system monitor, no
 * hook, no pager, no signature program, no `ext::` transport. Work in the background is off, so that nothing outlives
 * the call. Filters and external differs need more: see `localFilterOverrides` and `--no-ext-diff --no-textconv`.
 */
export const SAFE_SETTINGS: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  'core.pager': 'cat',
  'core.quotePath': 'false',
  'gc.auto': '0',
  'log.showSignature': 'false',
  'maintenance.auto': 'false',
  'protocol.ext.allow': 'never',
  'safe.bareRepository': 'explicit',
  // Whose it is does not matter when nothing of it is run.
  'safe.directory': '*',
  'submodule.recurse': 'false',
};

/** What every call of git gets: no questions, plain messages, names taken literally. */
export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  GIT_ASKPASS: '',
  GIT_EDITOR: 'true',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_PAGER: 'cat',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  SSH_ASKPASS: '',
};

/** A setting of several values gets them in this order. */
export type GitSettings = Readonly<Record<string, string | readonly string[]>>;

/** Settings by the environment: any name and value is possible there, and none shows in a list of processes. */
export function gitSettings(settings: GitSettings): Record<string, string> {
  const entries = Object.entries(settings).flatMap(([key, values]) =>
    [values].flat().map((value) => [key, value] as const),
  );
  const pairs = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { ...Object.fromEntries(pairs), GIT_CONFIG_COUNT: String(entries.length) };
}

export interface GitReadOptions {
  readonly stdin?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a git command that only reads, so that it neither takes a lock nor runs anything of the repository. */
export async function readGit(
  context: ActionContext,
  cwd: string,
  args: readonly string[],
  options: GitReadOptions = {},
): Promise<Completed> {
  return context.exec('git', args, {
    cwd,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    env: {
      ...GIT_ENVIRONMENT,
      GIT_OPTIONAL_LOCKS: '0',
      ...gitSettings({ ...SAFE_SETTINGS, ...options.settings }),
      ...options.env,
    },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
  });
}

/** The parts of an answer given with `-z`. */
export function splitZero(output: string): string[] {
  return output.split('\0').filter((part) => part !== '');
}
