import type { Invocation } from '../command.ts';

/**
 * Whether what was shown shall be done: `--plan` never, `--yes` always, else whoever sits at the terminal says so. Without
 * a terminal nothing is done, and the last line says so.
 */
export async function confirmChange(
  { io, output, options }: Invocation,
  question: string,
): Promise<'yes' | 'no' | 'interrupted'> {
  if (options['plan'] !== true && options['yes'] === true) return 'yes';
  if (options['plan'] === true || !io.interactive || output.json) {
    output.line('\nNothing was changed: this was the plan. Do it with --yes.');
    return 'no';
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  // Ctrl-C may come before the question listens to keys.
  const confirmed = await confirm({ message: question, initialValue: false, signal: io.interrupted });
  if (isCancel(confirmed)) return 'interrupted';
  if (!confirmed) output.line('Nothing was changed.');
  return confirmed ? 'yes' : 'no';
}
