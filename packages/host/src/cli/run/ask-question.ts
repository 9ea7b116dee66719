import { answersTo, plainText, type Question } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { Invocation } from '../command.ts';
import { askedOr, openQuestions, type Questions } from '../questions.ts';

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
  const message = `${plainText(step)}: ${plainText(question.prompt)}`;
  return askedOr(ask(message, question, await openQuestions(io)), undefined);
}

async function ask(message: string, question: Question, questions: Questions): Promise<Answered> {
  if (!answersTo(question).includes('allow')) {
    const offered = ANSWERS.filter(({ value }) => answersTo(question).includes(value));
    return { answer: await questions.one(message, offered) };
  }
  const allowed = await questions.yes(message, question.default === 'allow');
  if (!allowed || question.form === undefined) return { answer: allowed ? 'allow' : 'deny' };
  return { answer: 'allow', data: await askForm(question.form, questions) };
}

/** One question for each property of the form's JSON Schema. */
async function askForm(form: JsonObject, questions: Questions): Promise<JsonObject> {
  const data: JsonObject = {};
  for (const [name, schema] of Object.entries((form['properties'] ?? {}) as Record<string, JsonObject>)) {
    const message = plainText(String(schema['title'] ?? schema['description'] ?? name));
    data[name] = await askValue(message, schema, questions);
  }
  return data;
}

async function askValue(message: string, schema: JsonObject, questions: Questions): Promise<JsonValue> {
  const { type, enum: values, default: initial } = schema;
  if (type === 'boolean') return questions.yes(message, initial === true);
  if (Array.isArray(values)) {
    const choices = values.map((value) => ({ value: String(value), label: String(value) }));
    return questions.one(message, choices);
  }
  const isNumber = type === 'number' || type === 'integer';
  const faultOf = (text: string) =>
    isNumber && (text.trim() === '' || Number.isNaN(Number(text))) ? 'a number, please' : undefined;
  const given = await questions.text(message, String(initial ?? ''), faultOf);
  return isNumber ? Number(given) : given;
}
