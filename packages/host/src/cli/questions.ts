import type { Io } from './io.ts';

/** The person turned away from a question: Ctrl-C, Escape, or a signal to the process. */
export class TurnedAway extends Error {}

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
  readonly hint?: string;
}

/** Questions at the terminal. Each throws `TurnedAway`, so that whoever asks several need not look after every answer. */
export interface Questions {
  one<Value extends string>(
    message: string,
    choices: readonly Choice<Value>[],
    initial?: Value,
  ): Promise<Value>;
  several(
    message: string,
    choices: readonly Choice<string>[],
    initial: readonly string[],
    required?: boolean,
  ): Promise<readonly string[]>;
  text(message: string, initial: string, faultOf: (text: string) => string | undefined): Promise<string>;
  yes(message: string, initial: boolean): Promise<boolean>;
  /** Something to read before the next question. */
  note(text: string, title: string): void;
}

/** What was asked, or this when the person turned away. */
export async function askedOr<Answer, Otherwise>(
  asked: Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TurnedAway) return otherwise;
    throw error;
  }
}

/** Asks where standard input and output of the command are. */
export async function openQuestions({
  stdin,
  stdout,
  interrupted,
}: Pick<Io, 'stdin' | 'stdout' | 'interrupted'>): Promise<Questions> {
  const { confirm, isCancel, multiselect, note, select, text } = await import('@clack/prompts');
  const given = <Value>(answer: Value): Exclude<Value, symbol> => {
    if (isCancel(answer)) throw new TurnedAway();
    return answer as Exclude<Value, symbol>;
  };
  // Ctrl-C may come before a question listens to keys.
  const where = { input: stdin, output: stdout, signal: interrupted };
  // The library's types take a choice apart by its value, which is a text here.
  const plain = (choices: readonly Choice<string>[]) => choices.map((choice) => ({ ...choice }));
  return {
    async one<Value extends string>(
      message: string,
      choices: readonly Choice<Value>[],
      initial?: Value,
    ): Promise<Value> {
      const first = initial === undefined ? {} : { initialValue: initial as string };
      return given(await select<string>({ message, options: plain(choices), ...where, ...first })) as Value;
    },
    several: async (message, choices, initial, required = false) =>
      given(
        await multiselect<string>({
          message: `${message} (space to change, enter to go on)`,
          options: plain(choices),
          initialValues: [...initial],
          required,
          ...where,
        }),
      ),
    text: async (message, initial, faultOf) =>
      given(
        await text({ message, initialValue: initial, validate: (typed) => faultOf(typed ?? ''), ...where }),
      ),
    yes: async (message, initial) => given(await confirm({ message, initialValue: initial, ...where })),
    note: (words, title) => note(words, title, { output: stdout }),
  };
}
