import { answersTo, plainText, type Question } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { Invocation } from '../command.ts';

export interface Answered {
  readonly answer: 'allow' | 'deny' | 'retry' | 'continue' | 'abort';
  readonly data?: JsonValue;
}

const ANSWERS = [
  { value: 'retry', label: 'Try the step again' },
  { value: 'continue', label: 'Go on without it' },
  { value: 'abort', label: 'Give the run up' },
] as const;

/** Asks a run's question at the terminal; undefined where there is none, or when the person turned away. */
export async function askQuestion(
  step: string,
  question: Question,
  { io }: Invocation,
): Promise<Answered | undefined> {
  if (!io.interactive) return undefined;
  const { confirm, isCancel, select } = await import('@clack/prompts');
  const message = `${plainText(step)}: ${plainText(question.prompt)}`;
  if (question.kind !== 'approval') {
    const answer = await select<'retry' | 'continue' | 'abort'>({
      message,
      options: ANSWERS.filter(({ value }) => answersTo(question).includes(value)),
    });
    return isCancel(answer) ? undefined : { answer };
  }
  const allowed = await confirm({ message, initialValue: question.default === 'allow' });
  if (isCancel(allowed)) return undefined;
  if (!allowed || question.form === undefined) return { answer: allowed ? 'allow' : 'deny' };
  const data = await askForm(question.form);
  return data === undefined ? undefined : { answer: 'allow', data };
}

/** One question for each property of the form's JSON Schema. */
async function askForm(form: JsonObject): Promise<JsonObject | undefined> {
  const { confirm, isCancel, select, text } = await import('@clack/prompts');
  const data: JsonObject = {};
  for (const [name, schema] of Object.entries((form['properties'] ?? {}) as Record<string, JsonObject>)) {
    const message = plainText(String(schema['title'] ?? schema['description'] ?? name));
    const given =
      schema['type'] === 'boolean'
        ? await confirm({ message })
        : Array.isArray(schema['enum'])
          ? await select({ message, options: schema['enum'].map((value) => ({ value: String(value) })) })
          : await text({ message, initialValue: String(schema['default'] ?? '') });
    if (isCancel(given)) return undefined;
    data[name] = schema['type'] === 'number' || schema['type'] === 'integer' ? Number(given) : given;
  }
  return data;
}
