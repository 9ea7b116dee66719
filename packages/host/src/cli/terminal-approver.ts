import { plainText } from '@cadre/core/history';
import type { Approver, PermissionAnswer } from '../ports/approver.ts';
import type { Io } from './io.ts';

/** Asks at the terminal, one question at a time; without one answers at once that there is nobody. */
export function terminalApprover(io: Io): Approver {
  let last: Promise<unknown> = Promise.resolve();
  return {
    askPermission: (question) => {
      if (!io.interactive) return Promise.resolve(undefined);
      const asked = last.then(async () => {
        const { isCancel, select } = await import('@clack/prompts');
        const answer = await select<PermissionAnswer>({
          message: `${plainText(question.sentence)} (step ${plainText(question.step)})`,
          options: [
            { value: 'once', label: 'Yes, this once' },
            { value: 'run', label: 'Yes, for this run' },
            { value: 'workspace', label: 'Yes, always in this workspace' },
            { value: 'deny', label: 'No' },
          ],
          initialValue: 'deny',
        });
        return isCancel(answer) ? 'deny' : answer;
      });
      last = asked.catch(() => undefined);
      return asked;
    },
  };
}
