import type { Invocation } from '../command.ts';
import { askedOr, openQuestions } from '../questions.ts';

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
  const questions = await openQuestions(io);
  const confirmed = await askedOr(questions.yes(question, false), 'interrupted');
  if (confirmed === 'interrupted') return confirmed;
  if (!confirmed) output.line('Nothing was changed.');
  return confirmed ? 'yes' : 'no';
}
