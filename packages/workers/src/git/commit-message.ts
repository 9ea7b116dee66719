import { ActionError } from '@cadre/sdk';

export const DEFAULT_MESSAGE = 'chore(hygiene): {date} {time}';

/** Fills `{date}`, `{time}` (both UTC) and `{files}` (their number) in. Throws `invalid_input` for an empty subject. */
export function commitMessage(template: string, files: number, now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const message = template
    .replaceAll('{date}', date)
    .replaceAll('{time}', `${time.slice(0, 5)}Z`)
    .replaceAll('{files}', String(files))
    .trim();
  if (message === '') throw new ActionError('invalid_input', 'the message of a commit must not be empty');
  return message;
}
