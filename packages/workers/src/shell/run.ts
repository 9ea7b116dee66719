import { type ActionContext, ActionError, type Completed, defineAction } from '@cadre/sdk';
import { lastLines } from '../tree/last-lines.ts';
import { resolveInside } from '../tree/safe-path.ts';
import { lineLogger } from './line-logger.ts';

interface RunInput {
  readonly command: string | readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: 'sh' | 'bash';
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly okCodes?: readonly number[];
}

/** A script ends at its first failing command: a failure in its middle must not read as success. */
const SHELL_FLAGS = { sh: ['-e', '-c'], bash: ['-e', '-o', 'pipefail', '-c'] } as const;

/** Fails with `command_failed` (details: code and last lines), `timed_out`, `program_missing`. */
export const run = defineAction(async (input: RunInput, context) => {
  const cwd = await resolveInside(context.workspace, input.cwd ?? '.');
  if (context.mode === 'preview') return preview(input, context);
  const [program = '', ...args] = commandLine(input);
  const logger = lineLogger(context);
  const completed = await context.exec(program, args, {
    cwd,
    onOutput: logger.write,
    ...(input.env === undefined ? {} : { env: input.env }),
    ...(input.stdin === undefined ? {} : { stdin: input.stdin }),
    ...(input.timeoutMs === undefined ? {} : { timeoutMs: input.timeoutMs }),
  });
  logger.end();
  checkEnd(input, completed);
  const { code, stdout, stderr, truncated, durationMs } = completed;
  return { code, stdout, stderr, truncated, durationMs };
});

function preview(input: RunInput, context: ActionContext) {
  context.effect({
    kind: 'command',
    command: shownCommand(input.command),
    purpose: 'what it changes is not known until it runs',
  });
  return { code: null, stdout: '', stderr: '', truncated: false, durationMs: 0 };
}

function commandLine({ command, shell = 'sh' }: RunInput): readonly string[] {
  return typeof command === 'string' ? [shell, ...SHELL_FLAGS[shell], command] : command;
}

function checkEnd(input: RunInput, completed: Completed): void {
  const shown = shownCommand(input.command);
  const lines = lastLines(`${completed.stdout}\n${completed.stderr}`);
  if (completed.timedOut) {
    throw new ActionError('timed_out', `${shown} was stopped after ${input.timeoutMs} ms`, {
      hint: 'raise timeoutMs or find out why it takes so long',
      details: { command: shown, lines },
    });
  }
  if ((input.okCodes ?? [0]).includes(completed.code)) return;
  throw new ActionError(
    'command_failed',
    `${shown} ended with exit code ${completed.code}\n${lines.join('\n')}`,
    {
      hint: 'its own last lines say why; repeat it where it ran to see more',
      details: { command: shown, code: completed.code, lines },
    },
  );
}

/** As one could type it; arguments with anything special are quoted. */
function shownCommand(command: string | readonly string[]): string {
  if (typeof command === 'string') return command;
  const quote = (part: string) =>
    /^[\w./:=@%+,-]+$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`;
  return command.map(quote).join(' ');
}
