import { CadreError, isOver, runReport } from '@cadre/core/history';
import type { JsonValue } from '@cadre/sdk';
import type { CommandHandler } from '../command.ts';
import { EXIT, exitCodeOfRun, usageError } from '../exit.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { sentenceOf } from '../show/report.ts';
import { withRecords } from '../with-app.ts';

const ANSWERS = ['allow', 'deny', 'retry', 'continue', 'abort'] as const;
type Answer = (typeof ANSWERS)[number];

export const cancel: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const id = await resolveRun(records, invocation.arguments[0]);
    const { reason } = invocation.options;
    await records.engine.cancel(id, records.principal, typeof reason === 'string' ? reason : 'cadre cancel');
    const state = await records.engine.settled(id, invocation.io.interrupted);
    invocation.output.document({ id, status: state.status });
    invocation.output.line(sentenceOf(state, id));
    return state.status === 'cancelled' ? EXIT.ok : EXIT.failed;
  });

export const answer: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const [named, given = ''] = invocation.arguments;
    const { delegate } = invocation.options;
    const handsOn = typeof delegate === 'string';
    if (!handsOn && !isAnswer(given)) {
      throw usageError(`"${given}" is no answer`, `one of ${ANSWERS.join(', ')}`);
    }
    const data = jsonOption(invocation.options, 'data');
    const id = await resolveRun(records, named);
    const { state, workflow } = await records.engine.get(id);
    const waiting = runReport(workflow, state).filter((row) => row.question !== undefined);
    const { step } = invocation.options;
    const asked = typeof step === 'string' ? waiting.filter((row) => row.step === step) : waiting;
    const [only] = asked;
    if (only === undefined || isOver(state.status)) {
      throw new CadreError('invalid_usage', `${id} waits for no answer`, { hint: `cadre show ${id}` });
    }
    if (asked.length > 1) {
      throw usageError(
        `${asked.length} steps wait`,
        `--step ${asked.map((row) => row.step).join(' or --step ')}`,
      );
    }
    if (handsOn) {
      await records.engine.delegate(id, only.step, records.principal, delegate);
      invocation.output.document({ id, step: only.step, delegated: delegate });
      invocation.output.line(`${only.step} now asks ${delegate}`);
      return EXIT.ok;
    }
    await records.engine.answer(id, only.step, {
      by: records.principal,
      answer: given as Answer,
      ...(data === undefined ? {} : { data }),
    });
    await records.engine.recover();
    const after = await records.engine.settled(id, invocation.io.interrupted);
    invocation.output.document({ id, step: only.step, answer: given, status: after.status });
    invocation.output.line(sentenceOf(after, id));
    return exitCodeOfRun(after.status, after.failure, invocation.io);
  });

export const signal: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const [named, topic = ''] = invocation.arguments;
    const id = await resolveRun(records, named);
    await records.engine.signal(id, records.principal, topic, jsonOption(invocation.options, 'data') ?? null);
    await records.engine.recover();
    const state = await records.engine.settled(id, invocation.io.interrupted);
    invocation.output.document({ id, topic, status: state.status });
    invocation.output.line(sentenceOf(state, id));
    return isOver(state.status) ? exitCodeOfRun(state.status, state.failure, invocation.io) : EXIT.ok;
  });

const LEVELS = { high: 1, normal: 0, low: -1 } as const;

export const priority: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const [named, level = ''] = invocation.arguments;
    if (!Object.hasOwn(LEVELS, level)) {
      throw usageError(`"${level}" is no priority`, `one of ${Object.keys(LEVELS).join(', ')}`);
    }
    const { step } = invocation.options;
    const only = typeof step === 'string' ? step : undefined;
    const id = await resolveRun(records, named);
    const wanted = LEVELS[level as keyof typeof LEVELS];
    const runs = await records.engine.prioritise(id, records.principal, wanted, only);
    const what = only === undefined ? id : `the step ${only} of ${id}`;
    const inside = runs.length === 1 ? '' : `, with ${runs.length - 1} inside it`;
    invocation.output.document({ id, priority: level, runs, ...(only === undefined ? {} : { step: only }) });
    invocation.output.line(`${what} has the priority ${level} now${inside}`);
    return EXIT.ok;
  });

function jsonOption(options: Readonly<Record<string, unknown>>, name: string): JsonValue | undefined {
  const text = options[name];
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw usageError(
      `--${name} is no JSON: ${error instanceof Error ? error.message : text}`,
      `for example --${name} '{"ok": true}'`,
    );
  }
}

function isAnswer(text: string): text is Answer {
  return (ANSWERS as readonly string[]).includes(text);
}
