import { runReport } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import type { Offer } from './offer.ts';
import type { OfferedTool, Served } from './offered-tool.ts';
import { answerWith } from './tool-answer.ts';

const RUN = { type: 'string', description: 'Id of the run' };

/** What may be done with runs, each only where it was said to be offered. */
export function runTools({ engine }: Served, offer: Offer): ReadonlyMap<string, OfferedTool> {
  const get: OfferedTool = {
    tool: {
      name: 'run__get',
      title: 'How far a run is',
      description: 'Status, steps and result of a run, and what it waits for',
      inputSchema: {
        type: 'object',
        properties: { run: RUN },
        required: ['run'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    call: async ({ run }) => answerWith(await reportOf(engine, String(run))),
  };
  const cancel: OfferedTool = {
    tool: {
      name: 'run__cancel',
      title: 'Cancel a run',
      description: 'Stops a run; what it has done stays, and its `finally` is performed',
      inputSchema: {
        type: 'object',
        properties: { run: RUN, reason: { type: 'string' } },
        required: ['run'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    async call({ run, reason = 'over MCP' }, { principal, signal }) {
      await engine.cancel(String(run), principal, String(reason));
      const { status } = await engine.settled(
        String(run),
        AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      );
      return answerWith({ run: String(run), status });
    },
  };
  const answer: OfferedTool = {
    tool: {
      name: 'run__answer',
      title: 'Answer what a run asks',
      description: 'Answers the question that a step of a run waits for',
      inputSchema: {
        type: 'object',
        properties: {
          run: RUN,
          step: { type: 'string', description: 'Path of the step' },
          answer: { enum: ['allow', 'deny', 'retry', 'continue', 'abort'] },
          data: { description: 'What its form asks for' },
        },
        required: ['run', 'step', 'answer'],
        additionalProperties: false,
      },
      annotations: {
        readOnlyHint: false,
        destructiveHint: true,
        idempotentHint: false,
        openWorldHint: false,
      },
    },
    async call({ run, step, answer: given, data }, { principal }) {
      await engine.answer(String(run), String(step), {
        by: principal,
        answer: given as 'allow',
        ...(data === undefined ? {} : { data }),
      });
      return answerWith({ run: String(run), step: String(step), answered: String(given) });
    },
  };
  const tools = [
    ...(offer.run('read') ? [get] : []),
    ...(offer.run('cancel') ? [cancel] : []),
    ...(offer.run('answer') ? [answer] : []),
  ];
  return new Map(tools.map((one) => [one.tool.name, one]));
}

/** What a run is, without the results of its steps: those are read by who needs them. */
export async function reportOf(engine: Served['engine'], run: string): Promise<JsonObject> {
  const [{ state, workflow }, record] = [await engine.get(run), await engine.record(run)];
  const steps = runReport(workflow, state).map(({ output: _, ...step }) => step);
  const { status, failure, output } = state;
  return {
    run,
    workflow: record.workflow,
    mode: record.mode,
    principal: record.principal,
    status,
    createdAt: new Date(record.createdAt).toISOString(),
    ...(record.endedAt === undefined ? {} : { endedAt: new Date(record.endedAt).toISOString() }),
    ...(failure === undefined ? {} : { failure: failure as unknown as JsonValue }),
    ...(output === undefined ? {} : { output }),
    steps: steps as unknown as JsonValue,
  };
}
