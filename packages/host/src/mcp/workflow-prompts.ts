import { checkInputs, type Workflow } from '@cadre/core';
import type { JsonObject, JsonValue } from '@cadre/sdk';
import {
  type GetPromptResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import type { Offer } from './offer.ts';
import type { Served } from './offered-tool.ts';
import { offeredWorkflow, offeredWorkflows } from './workflow-tools.ts';

/** Each workflow that is offered, for people to pick from the menu of their client: what they would have to tell its model. */
export async function listPrompts(served: Served, offer: Offer): Promise<{ prompts: Prompt[] }> {
  const offered = await offeredWorkflows(served, offer);
  return {
    prompts: offered.map(({ name, workflow }) => ({
      name,
      title: `Run ${name}`,
      description: workflow.description ?? `Runs the workflow ${name}`,
      arguments: Object.entries(workflow.inputs).map(([input, spec]) => ({
        name: input,
        required: spec['default'] === undefined,
        ...(typeof spec['description'] === 'string' ? { description: spec['description'] } : {}),
      })),
    })),
  };
}

/** Throws a ProtocolError for a workflow that is not offered, and for inputs that do not fit. */
export async function getPrompt(
  served: Served,
  offer: Offer,
  name: string,
  given: Readonly<Record<string, string>>,
): Promise<GetPromptResult> {
  const found = await offeredWorkflow(served, offer, name);
  if (found === undefined)
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no prompt ${name}`);
  const { workflow, way } = found;
  const inputs = inputsOf(workflow, given);
  const checked = checkInputs(workflow, inputs);
  if (!checked.ok) {
    const { message = 'the inputs do not fit', suggestion } = checked.problems[0] ?? {};
    const more = suggestion === undefined ? '' : `: ${suggestion}`;
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${message}${more}`);
  }
  const call = JSON.stringify({ inputs });
  const text =
    way === 'plan'
      ? `Call the tool plan__${name} of Cadre with ${call}, and tell me what a run of the workflow ${name} would change.`
      : `Run the workflow ${name} of Cadre: call plan__${name} with ${call} and tell me what it would change. When I have agreed, call start__${name} with the same, and tell me how it ended.`;
  return {
    ...(workflow.description === undefined ? {} : { description: workflow.description }),
    messages: [{ role: 'user', content: { type: 'text', text } }],
  };
}

/** Clients send texts alone. */
function inputsOf({ inputs }: Workflow, given: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, text]) => {
      const type = inputs[name]?.['type'];
      return [name, type === undefined || type === 'string' ? text : readValue(text)];
    }),
  );
}

function readValue(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
