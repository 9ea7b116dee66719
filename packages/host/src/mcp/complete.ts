import type { CompleteRequestParams, CompleteResult } from '@modelcontextprotocol/server';
import type { Offer } from './offer.ts';
import type { Served } from './offered-tool.ts';
import { offeredWorkflow } from './workflow-tools.ts';

/** More than this are not taken by any client. */
const MOST = 100;

/** What may stand there: values of an input of a workflow, ids of runs. */
export async function complete(
  served: Served,
  offer: Offer,
  { ref, argument }: CompleteRequestParams,
): Promise<CompleteResult> {
  const { name, value } = argument;
  const known =
    ref.type === 'ref/prompt'
      ? await valuesOf(served, offer, ref.name, name)
      : name === 'run' && ref.uri.startsWith('cadre://runs/{run}') && offer.run('read')
        ? (await served.engine.list({ limit: MOST })).runs.map(({ id }) => id)
        : [];
  const values = known.filter((one) => one.startsWith(value));
  return {
    completion: { values: values.slice(0, MOST), total: values.length, hasMore: values.length > MOST },
  };
}

async function valuesOf(
  served: Served,
  offer: Offer,
  workflow: string,
  input: string,
): Promise<readonly string[]> {
  const spec = (await offeredWorkflow(served, offer, workflow))?.workflow.inputs[input] ?? {};
  const { enum: choices, type, default: usual } = spec;
  if (Array.isArray(choices)) return choices.map(textOf);
  if (type === 'boolean') return ['true', 'false'];
  return usual === undefined ? [] : [textOf(usual)];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
