import { CadreError, checkInputs, isCadreError, runReport, type Workflow } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import { listWorkflows } from '../resources/workflow-files.ts';
import type { Offer } from './offer.ts';
import type { Client, OfferedTool, Served } from './offered-tool.ts';
import { answerWith } from './tool-answer.ts';

/** So long a client waits for a run that it started, unless it says otherwise. */
const WAIT_SECONDS = 30;
const MOST_SECONDS = 600;

type Mode = 'apply' | 'plan';

const NAME = /^(start|plan)__(.+)$/;

/** Each workflow that is offered, as `start__NAME` and `plan__NAME`. One that cannot be run is none. */
export async function workflowTools(served: Served, offer: Offer): Promise<readonly OfferedTool[]> {
  return (await offeredWorkflows(served, offer)).flatMap(({ name, workflow, way }) => [
    ...(way === 'run' ? [toolOf(served, name, workflow, 'apply')] : []),
    toolOf(served, name, workflow, 'plan'),
  ]);
}

export interface OfferedWorkflow {
  readonly name: string;
  readonly workflow: Workflow;
  readonly way: 'run' | 'plan';
}

/** Those that can be run. */
export async function offeredWorkflows(served: Served, offer: Offer): Promise<readonly OfferedWorkflow[]> {
  const found: OfferedWorkflow[] = [];
  for (const { name } of await listWorkflows(served.folders)) {
    const one = await offeredAs(served, offer, name);
    if (one !== undefined) found.push(one);
  }
  return found;
}

/** Undefined: there is none of this name, or not for this client. */
export async function offeredWorkflow(
  served: Served,
  offer: Offer,
  name: string,
): Promise<OfferedWorkflow | undefined> {
  const isKnown = (await listWorkflows(served.folders)).some((file) => file.name === name);
  return isKnown ? offeredAs(served, offer, name) : undefined;
}

async function offeredAs(served: Served, offer: Offer, name: string): Promise<OfferedWorkflow | undefined> {
  const way = /^[\w.-]{1,100}$/.test(name) ? offer.workflow(name) : undefined;
  const workflow = way === undefined ? undefined : await usable(served, name);
  return way === undefined || workflow === undefined ? undefined : { name, workflow, way };
}

/** Throws what is wrong with the workflow; undefined where no such tool is offered. */
export async function findWorkflowTool(
  served: Served,
  offer: Offer,
  tool: string,
): Promise<OfferedTool | undefined> {
  const [, verb, name = ''] = NAME.exec(tool) ?? [];
  const way = offer.workflow(name);
  const known = (await listWorkflows(served.folders)).some((file) => file.name === name);
  if (!known || way === undefined || (verb === 'start' && way === 'plan')) return undefined;
  return toolOf(served, name, await served.findWorkflow(name), verb === 'start' ? 'apply' : 'plan');
}

async function usable({ findWorkflow }: Served, name: string): Promise<Workflow | undefined> {
  try {
    return await findWorkflow(name);
  } catch (error) {
    if (isCadreError(error)) return undefined;
    throw error;
  }
}

function toolOf(served: Served, name: string, workflow: Workflow, mode: Mode): OfferedTool {
  const isPlan = mode === 'plan';
  const about = workflow.description ?? `the workflow ${name}`;
  return {
    tool: {
      name: `${isPlan ? 'plan' : 'start'}__${name}`,
      title: `${isPlan ? 'Plan' : 'Start'} ${name}`,
      description: isPlan
        ? `Shows what a run of the workflow ${name} would change, and changes nothing. ${about}`
        : `Starts a run of the workflow ${name}, and answers its id and how far it is. ${about}`,
      inputSchema: inputSchemaOf(workflow),
      annotations: {
        readOnlyHint: isPlan,
        destructiveHint: !isPlan,
        idempotentHint: isPlan,
        openWorldHint: !isPlan,
      },
    },
    call: (input, client) => startRun(served, workflow, mode, input, client),
  };
}

function inputSchemaOf({ inputs }: Workflow): { type: 'object'; [key: string]: JsonValue } {
  const required = Object.entries(inputs).flatMap(([name, spec]) =>
    spec['default'] === undefined ? [name] : [],
  );
  return {
    type: 'object',
    properties: {
      inputs: { type: 'object', properties: { ...inputs }, required, additionalProperties: false },
      wait: {
        type: 'integer',
        minimum: 0,
        maximum: MOST_SECONDS,
        default: WAIT_SECONDS,
        description: 'Seconds to wait for its end; it goes on when they are over',
      },
    },
    ...(required.length > 0 ? { required: ['inputs'] } : {}),
    additionalProperties: false,
  };
}

/** Ends with the run, when it waits for somebody, or when the time is up. A client that goes does not end the run. */
async function startRun(
  { engine }: Served,
  workflow: Workflow,
  mode: Mode,
  { inputs: given = {}, wait = WAIT_SECONDS }: JsonObject,
  { principal, signal }: Client,
) {
  const checked = checkInputs(workflow, given as JsonObject);
  if (!checked.ok) {
    const [problem] = checked.problems;
    throw new CadreError('invalid_input', problem?.message ?? 'the inputs do not fit', {
      ...(problem?.suggestion === undefined ? {} : { hint: problem.suggestion }),
    });
  }
  const trigger = { kind: 'mcp' };
  const run = await engine.start({ workflow, inputs: checked.inputs, mode, trigger, principal });
  const seconds = typeof wait === 'number' ? Math.min(Math.max(wait, 0), MOST_SECONDS) : WAIT_SECONDS;
  const state = await engine.settled(run, AbortSignal.any([signal, AbortSignal.timeout(seconds * 1_000)]));
  const { status, failure, output } = state;
  const asked = runReport(workflow, state).flatMap(({ step, question }) =>
    question === undefined ? [] : [{ step, asks: question.prompt }],
  );
  return answerWith({
    run,
    status,
    ...(failure === undefined ? {} : { failure: failure as unknown as JsonValue }),
    ...(output === undefined ? {} : { output }),
    ...(asked.length === 0 ? {} : { waitsFor: asked }),
    ...(mode === 'plan' ? { effects: (await engine.effects(run)) as unknown as JsonValue } : {}),
    resource: `cadre://runs/${run}`,
  });
}
