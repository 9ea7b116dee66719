import type { CallObserver } from '../ports/action-runner.ts';
import type { LimitReports, LimitUse } from './watch-limits.ts';
import { useText } from './worker-failure.ts';

/** Says of a limit what people and the record have to know, by the call that is most likely at work; and ends what is beyond it. */
export function tellLimits(
  id: string,
  newest: () => { readonly observer: CallObserver } | undefined,
  end: (use: LimitUse) => void,
): LimitReports {
  const notice = (tried: string, use: LimitUse, warning: { isWarning?: true }) =>
    newest()?.observer.noticed?.({
      kind: 'limit',
      tried,
      rule: `limit ${use.limit}`,
      ...warning,
      details: { ...use },
    });
  return {
    near(use) {
      const text = `${id} comes close to its limit: ${useText(use)}`;
      newest()?.observer.log('warn', text, { ...use });
      notice(text, use, { isWarning: true });
    },
    over(use) {
      notice(`${id} used more than its limit: ${useText(use)}`, use, {});
      end(use);
    },
  };
}
