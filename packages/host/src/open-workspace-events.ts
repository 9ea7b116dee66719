import type { Envelope } from '@cadre/sdk';
import { type Events, openEvents } from './bus/open-events.ts';
import { type Replayed, replayStream } from './bus/replay-stream.ts';
import type { Clock } from './ports/clock.ts';
import type { Store } from './ports/store.ts';

/** Everything that happens in a workspace, now and before. */
export interface WorkspaceEvents extends Events {
  /** Id of the workspace, as it stands in the envelopes. */
  readonly workspace: string;
  /** Makes anew what a stream says, from its first event, and compares. Throws `not_found`. */
  replay(stream: string, told: (event: Envelope) => void): Promise<Replayed>;
}

interface Options {
  readonly store: Store;
  readonly workspace: string;
  readonly clock: Clock;
  readonly heard: (hear: () => void) => () => void;
  readonly warn: (text: string) => void;
}

/** A part of its own: most commands want to know of no events. */
export function openWorkspaceEvents({ store, workspace, clock, heard, warn }: Options): WorkspaceEvents {
  const events = openEvents({
    store,
    workspace,
    clock,
    heard,
    warn: (text, { topic, error }) => warn(`${text} (${topic}): ${error}`),
  });
  return {
    ...events,
    workspace,
    replay: (stream, told) => replayStream(store, workspace, stream, told),
  };
}
