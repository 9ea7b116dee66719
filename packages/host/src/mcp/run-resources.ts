import { isCadreError } from '@cadre/core';
import {
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ReadResourceResult,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import type { Served } from './offered-tool.ts';
import { reportOf } from './run-tools.ts';

const PAGE = 50;
/** A run may have more; the rest is read with `cadre events`. */
const MOST_EVENTS = 5_000;

const ADDRESS = /^cadre:\/\/runs\/(\w{1,100})(\/events)?$/;

/** Runs, the newest first. */
export async function listRunResources(
  { engine }: Served,
  cursor: string | undefined,
): Promise<ListResourcesResult> {
  const { runs, cursor: next } = await engine.list({
    limit: PAGE,
    ...(cursor === undefined ? {} : { cursor }),
  });
  return {
    resources: runs.map(({ id, workflow, status, createdAt, mode }) => ({
      uri: `cadre://runs/${id}`,
      name: id,
      title: `${workflow}, ${status}${mode === 'plan' ? ', a plan' : ''}`,
      description: `created ${new Date(createdAt).toISOString()}`,
      mimeType: 'application/json',
    })),
    ...(next === undefined ? {} : { nextCursor: next }),
  };
}

export function runTemplates(): ListResourceTemplatesResult {
  return {
    resourceTemplates: [
      {
        uriTemplate: 'cadre://runs/{run}',
        name: 'run',
        title: 'Status and steps of a run',
        mimeType: 'application/json',
      },
      {
        uriTemplate: 'cadre://runs/{run}/events',
        name: 'run events',
        title: 'What happened in a run, an event a line',
        mimeType: 'application/x-ndjson',
      },
    ],
  };
}

/** Throws ResourceNotFoundError. */
export async function readRunResource({ engine }: Served, uri: string): Promise<ReadResourceResult> {
  const [, run, events] = ADDRESS.exec(uri) ?? [];
  if (run === undefined) throw new ResourceNotFoundError(uri);
  try {
    if (events === undefined) {
      const text = JSON.stringify(await reportOf(engine, run), undefined, 2);
      return { contents: [{ uri, mimeType: 'application/json', text }] };
    }
    await engine.record(run);
    const lines: string[] = [];
    for await (const event of engine.events(run)) {
      if (lines.push(JSON.stringify(event)) === MOST_EVENTS) break;
    }
    return { contents: [{ uri, mimeType: 'application/x-ndjson', text: `${lines.join('\n')}\n` }] };
  } catch (error) {
    if (isCadreError(error) && error.code === 'run_not_found') throw new ResourceNotFoundError(uri);
    throw error;
  }
}
