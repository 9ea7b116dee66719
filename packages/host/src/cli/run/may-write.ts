import type { Io } from '../io.ts';
import { askedOr, openQuestions } from '../questions.ts';

/** Without a terminal only `--yes` permits it; at one the person is asked. */
export async function mayWrite(question: string, yes: boolean, io: Io): Promise<boolean> {
  if (yes || !io.interactive) return yes;
  const questions = await openQuestions(io);
  return askedOr(questions.yes(question, true), false);
}
