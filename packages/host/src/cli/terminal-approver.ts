import { asciiText, exactText } from '@cadre/core/history';
import { displayWidth } from '@cadre/kit/format';
import type {
  Approver,
  PermissionAnswer,
  PermissionQuestion,
  TrustAnswer,
  TrustAsker,
} from '../ports/approver.ts';
import type { TrustQuestion } from '../ports/trust.ts';
import type { Io } from './io.ts';
import { askedOr, type Choice, openQuestions } from './questions.ts';

const ANSWERS: readonly Choice<PermissionAnswer>[] = [
  { value: 'once', label: 'Yes, this once' },
  { value: 'run', label: 'Yes, for this run' },
  { value: 'workspace', label: 'Yes, always in this workspace' },
  { value: 'always', label: 'Yes, always, in all my workspaces' },
  { value: 'deny', label: 'No' },
];

const TRUSTS: readonly Choice<TrustAnswer>[] = [
  { value: 'trusted', label: 'Yes, as it is now' },
  { value: 'without', label: 'No, go on without what it asks for' },
  { value: 'no', label: 'No, do nothing' },
];

/** Lines that the question and its choices take besides what is told. */
const FRAME = 6;

const ORIGINS: Readonly<Record<PermissionQuestion['origin'], string>> = {
  'built in': 'comes with Cadre',
  installed: 'an installed package',
  workspace: 'from this repository',
};

/** Asks at the terminal, one question at a time; without one answers at once that there is nobody. */
export function terminalApprover(io: Io): Approver & TrustAsker {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> => {
    if (!io.interactive) return Promise.resolve(undefined);
    const asked = last.then(ask);
    last = asked.catch(() => undefined);
    return asked;
  };
  const told = (lines: readonly string[]) => {
    for (const line of lines) io.stdout.write(`${line}\n`);
  };
  return {
    askPermission: (question) =>
      inTurn(async () => {
        const questions = await openQuestions(io);
        const lines = permissionLines(question);
        told(lines);
        const mayAlways = question.mayAlways && fits(lines, ANSWERS.length, io.stdout);
        const answers = ANSWERS.filter(({ value }) => mayAlways || value !== 'always');
        return askedOr(
          questions.one(`May it? (step ${exactText(question.step)})`, answers, 'deny'),
          'deny' as const,
        );
      }),
    askTrust: (question) =>
      inTurn(async () => {
        const questions = await openQuestions(io);
        told(trustLines(question));
        return askedOr(questions.one('Let these settings count?', TRUSTS, 'no'), 'no' as const);
      }),
  };
}

/** Made of real values, of which every character can be told. Only the sentence is made of words that people can rely on. */
export function permissionLines(question: PermissionQuestion): readonly string[] {
  const { sentence, target, permission, worker, version, origin, action, step, run, chain, changedSince } =
    question;
  const changed = changedSince === undefined ? [] : [`  again    ${changedText(changedSince)}`];
  return [
    exactText(sentence),
    ...changed,
    `  exactly  ${exactText(target)}`,
    `  covers   ${permission.startsWith('fs:') ? exactText(permission) : asciiText(permission)}`,
    `  worker   ${exactText(`${worker} ${version}`)}, ${ORIGINS[origin]}`,
    ...(chain === undefined ? [] : [`  calls    ${chain.map(exactText).join(' → ')}`]),
    `  for      ${exactText(`${worker}/${action}`)} in step ${exactText(step)} of ${exactText(run)}`,
  ];
}

function changedText(since: number): string {
  return `its manifest or code has changed since it was allowed (${new Date(since).toISOString().slice(0, 10)})`;
}

function trustLines({ file, says, digest }: TrustQuestion): readonly string[] {
  return [
    `${exactText(file)} asks for what a repository does not decide by itself:`,
    ...says.map((one) => `  • ${one}`),
    `  content ${digest}`,
  ];
}

/** Whether all of it stands on the screen at once, together with the choices. */
export function fits(
  lines: readonly string[],
  choices: number,
  { columns, rows }: { readonly columns?: number; readonly rows?: number },
): boolean {
  if (columns === undefined || rows === undefined || columns < 1) return false;
  const taken = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
  return taken + choices + FRAME <= rows;
}
