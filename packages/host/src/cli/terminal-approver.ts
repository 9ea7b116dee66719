import { plainText } from '@cadre/core/history';
import type { Approver, PermissionAnswer } from '../ports/approver.ts';
import type { Io } from './io.ts';
import { askedOr, type Choice, openQuestions } from './questions.ts';

const ANSWERS: readonly Choice<PermissionAnswer>[] = [
  { value: 'once', label: 'Yes, this once' },
  { value: 'run', label: 'Yes, for this run' },
  { value: 'workspace', label: 'Yes, always in this workspace' },
  { value: 'deny', label: 'No' },
];

/** Asks at the terminal, one question at a time; without one answers at once that there is nobody. */
export function terminalApprover(io: Io): Approver {
  let last: Promise<unknown> = Promise.resolve();
  return {
    askPermission: (question) => {
      if (!io.interactive) return Promise.resolve(undefined);
      const asked = last.then(async () => {
        const questions = await openQuestions(io);
        const sentence = `${plainText(question.sentence)} (step ${plainText(question.step)})`;
        return askedOr(questions.one(sentence, ANSWERS, 'deny'), 'deny' as const);
      });
      last = asked.catch(() => undefined);
      return asked;
    },
  };
}
