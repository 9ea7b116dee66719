import { CadreError } from '@cadre/core';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Followed, Following } from '../bus/open-events.ts';
import { assertMayRead, type Guard } from './guard.ts';

export interface EventSource {
  /** As it stands in the envelopes. */
  readonly workspace: string;
  follow(following: Following): Promise<AsyncIterable<Followed>>;
}

/** A proxy in between gives up on what is silent for a minute. */
const BEAT_MS = 15_000;

/**
 * `GET /api/v1/workspaces/WORKSPACE/events`: everything that happens, as server-sent events (HTML standard, 9.2). Each has the
 * place after it as its id, so that a browser that lost its connection goes on where it was.
 */
export function eventRoutes(
  events: () => Promise<EventSource>,
  guard: Guard,
  closing: AbortSignal,
): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.get('/:workspace/events', async (context) => {
    const { incoming } = context.env;
    assertMayRead(guard, incoming);
    const source = await events();
    const workspace = context.req.param('workspace');
    if (workspace !== source.workspace) {
      throw new CadreError('workspace_not_found', `${workspace} is not the workspace that is served here`, {
        hint: `it is ${source.workspace}`,
      });
    }
    const gone = new AbortController();
    incoming.once('close', () => gone.abort());
    const found = await source.follow({
      ...wantedOf(context.req.queries('topic'), context.req.query()),
      ...afterOf(context.req.header('last-event-id') ?? context.req.query('after')),
      signal: AbortSignal.any([gone.signal, closing]),
    });
    return new Response(streamOf(found, gone), {
      headers: {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // What a proxy gathers before it sends it comes late.
        'x-accel-buffering': 'no',
      },
    });
  });
  return app;
}

function wantedOf(
  topics: readonly string[] | undefined,
  { filter, stream }: Record<string, string>,
): Following {
  return {
    ...(topics === undefined ? {} : { topics: topics.flatMap((each) => each.split(',')) }),
    ...(filter === undefined ? {} : { filter }),
    ...(stream === undefined ? {} : { stream }),
  };
}

function afterOf(after: string | undefined): Pick<Following, 'after'> {
  return after === undefined || after === '' ? {} : { after };
}

/** Reads on only when what was read has been taken: a reader that is slow stands still in the store, not in memory. */
function streamOf(found: AsyncIterable<Followed>, gone: AbortController): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const events = found[Symbol.asyncIterator]();
  let beat: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode('retry: 1000\n\n'));
      beat = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(':\n\n'));
      }, BEAT_MS);
    },
    async pull(controller) {
      const next = await events.next();
      if (next.done !== true) {
        const { envelope, after } = next.value;
        controller.enqueue(encoder.encode(`id: ${after}\ndata: ${JSON.stringify(envelope)}\n\n`));
        return;
      }
      clearInterval(beat);
      // A stream that is over is not asked for again by whoever heard that.
      controller.enqueue(encoder.encode('event: end\ndata:\n\n'));
      controller.close();
    },
    cancel() {
      clearInterval(beat);
      gone.abort();
    },
  });
}
