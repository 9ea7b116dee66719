import { type ActionContext, ActionError, type Completed, type FailureExtras } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { GIT_ENVIRONMENT, type GitSettings, gitSettings, SAFE_SETTINGS } from '../tree/read-git.ts';
import { maskAddresses } from './remote-address.ts';

export interface WriteOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: GitSettings;
  /** Runs the repository's own hooks. Default false. */
  readonly hooks?: boolean;
}

/**
 * What also holds where hooks run. Nothing here may change what git inside a hook answers: taking names literally
 * or quoting them otherwise would make the hook of somebody else miss files.
 */
const SETTINGS_WITH_HOOKS: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.ext.allow': 'never',
};
const ENVIRONMENT_WITH_HOOKS: Readonly<Record<string, string>> = {
  GIT_ASKPASS: '',
  GIT_EDITOR: 'true',
  GIT_TERMINAL_PROMPT: '0',
  SSH_ASKPASS: '',
};

/** Runs a git command that may change the repository. Answers also for exit codes other than 0. */
export async function writeGit(
  context: ActionContext,
  cwd: string,
  args: readonly string[],
  options: WriteOptions = {},
): Promise<Completed> {
  const settings = options.hooks ? { ...SETTINGS_WITH_HOOKS, 'safe.directory': cwd } : SAFE_SETTINGS;
  return context.exec('git', args, {
    cwd,
    env: {
      ...(options.hooks ? ENVIRONMENT_WITH_HOOKS : GIT_ENVIRONMENT),
      ...gitSettings({ ...settings, ...options.settings }),
      ...options.env,
    },
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
  });
}

/** Standard output of a command that worked; else throws `code` with git's last lines. */
export function expectSuccess(completed: Completed, tried: string, code = 'git_failed'): string {
  if (completed.code !== 0) throw gitFailure(completed, tried, code);
  return completed.stdout;
}

/** Why a git command failed, in git's own last 20 lines, without credentials of addresses. */
export function gitFailure(
  completed: Completed,
  tried: string,
  code: string,
  extras: FailureExtras = {},
): ActionError {
  const lines = lastLines(maskAddresses(`${completed.stdout}\n${completed.stderr}`));
  const isLocked = /Unable to create '.*\.lock': File exists/.test(completed.stderr);
  const locked = { retryable: true, hint: 'another git command is at work here; try again when it is over' };
  return new ActionError(isLocked ? 'repository_locked' : code, `${tried} failed: ${lines.join('\n')}`, {
    hint: 'the last lines of git say why; put it right and try again',
    details: { exitCode: completed.code, lines },
    ...(isLocked ? locked : {}),
    ...extras,
  });
}

/** A revision or branch name that git cannot take for an option. Throws ActionError `invalid_input`. */
export function checkedRevision(name: string): string {
  if (name !== '' && !name.startsWith('-') && !/[\s\0]/.test(name)) return name;
  throw new ActionError('invalid_input', `${JSON.stringify(name)} is no name of a revision or branch`);
}
