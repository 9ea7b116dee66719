import { CadreError, topicFits } from '@cadre/core/history';
import type { Envelope } from '@cadre/sdk';
import type { Clock } from '../ports/clock.ts';
import type { Store } from '../ports/store.ts';
import { BEGINNING, formatPlace, type Place, parsePlace } from './place.ts';
import { createPulse } from './pulse.ts';
import { checkPlace, type Page, readPage } from './read-page.ts';
import { openStreamReader, type StreamReader } from './read-stream.ts';

/** Which events. */
export interface Wanted {
  /** Patterns: `run.*` is one level, `run.**` all below. Default: every topic. */
  readonly topics?: readonly string[];
  /** A condition on the envelope, such as `event.step == "test"`. */
  readonly filter?: string;
}

export interface Following extends Wanted {
  /** One stream instead of everything; it ends with the run or the attempt that it is of. */
  readonly stream?: string;
  /** Of a stream: the number of the last event that is known. Else a place as it came with one, or `start`. Default: now. */
  readonly after?: string;
  /** False: ends when there is no more for now. */
  readonly wait?: boolean;
  readonly signal?: AbortSignal;
}

/** `after`: with it one goes on after this event. */
export interface Followed {
  readonly envelope: Envelope;
  readonly after: string;
}

export interface Subscription {
  readonly topic: string;
  unsubscribe(): void;
}

export interface SubscribeOptions {
  readonly filter?: string;
  readonly after?: string;
}

/**
 * What happens in a workspace, whatever process it happens in.
 *
 * Invariants
 * 1. Everything told here is stored already: whoever names what they have read last gets exactly what they missed.
 * 2. Whoever publishes does not know who listens and never waits for them: each reads at a pace of their own, and what they
 *    have not read yet stands in the store and not in memory.
 * 3. A listener that fails is told, and goes on with the next event; the others do not notice.
 * 4. Where nobody listens nothing is read.
 */
export interface Events {
  /** Resolves when it is sure to hear all that happens from now on. Throws `invalid_expression`, `invalid_input`, `not_found`. */
  subscribe(
    topic: string,
    listener: (event: Envelope, after: string) => unknown,
    options?: SubscribeOptions,
  ): Promise<Subscription>;
  /** The next one. Rejects when events are closed first. */
  once(topic: string, options?: SubscribeOptions): Promise<Envelope>;
  /** Resolves like `subscribe`, and throws like it. */
  follow(following: Following): Promise<AsyncIterable<Followed>>;
  /** A place some events (of each kind so many) before now. */
  before(events: number): Promise<string>;
  close(): void;
}

export interface EventsOptions {
  readonly store: Store;
  readonly workspace: string;
  readonly clock: Clock;
  /** Calls back when a run of this process went on; answers the way to stop. */
  readonly heard: (hear: () => void) => () => void;
  readonly warn: (text: string, fields: { readonly topic: string; readonly error: string }) => void;
}

export function openEvents(options: EventsOptions): Events {
  const { store, workspace, warn } = options;
  const source = { streams: store.streams, audit: store.audit, workspace };
  const ending = new AbortController();
  const asked = new Map<string, Promise<Page>>();
  const pulse = createPulse(options);

  /** Those who stand at the same place, as all do who are not behind, share one question. */
  function read(place: Place): Promise<Page> {
    const key = formatPlace(place);
    const under = asked.get(key);
    if (under !== undefined) return under;
    const page = readPage(source, place).finally(() => asked.delete(key));
    asked.set(key, page);
    return page;
  }

  async function* followAll(from: Place, wait: boolean, signal: AbortSignal): AsyncGenerator<Followed> {
    const listener = pulse.listen();
    try {
      for (let place = from; ; ) {
        const page = await read(place);
        for (const { envelope, place: after } of page.events) {
          yield { envelope, after: formatPlace(after) };
        }
        place = page.place;
        if (page.more) continue;
        if (!wait || signal.aborted) return;
        await listener.news(signal);
        if (signal.aborted) return;
      }
    } finally {
      listener.close();
    }
  }

  async function* followStream(
    reader: StreamReader,
    wait: boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Followed> {
    const listener = pulse.listen();
    try {
      for (;;) {
        const next = await reader.next();
        for (const envelope of next.events) yield { envelope, after: String(envelope.number) };
        if (next.more) continue;
        if (next.over || !wait || signal.aborted) return;
        await listener.news(signal);
        if (signal.aborted) return;
      }
    } finally {
      listener.close();
    }
  }

  async function placeOf(after: string | undefined): Promise<Place> {
    if (after === undefined) return store.streams.newest();
    const place = parsePlace(after);
    await checkPlace(source, place);
    return place;
  }

  async function follow(following: Following): Promise<AsyncIterable<Followed>> {
    const { stream, after, wait = true } = following;
    const signal =
      following.signal === undefined ? ending.signal : AbortSignal.any([ending.signal, following.signal]);
    const fits = await matcher(following);
    const found =
      stream === undefined
        ? followAll(await placeOf(after), wait, signal)
        : followStream(await openStreamReader(store, workspace, stream, numberOf(after)), wait, signal);
    return only(found, fits);
  }

  async function subscribe(
    topic: string,
    listener: (event: Envelope, after: string) => unknown,
    wanted: SubscribeOptions = {},
  ): Promise<Subscription> {
    const stopped = new AbortController();
    const following = await follow({ ...wantedOf(topic, wanted), signal: stopped.signal });
    const goOn = async () => {
      for await (const { envelope, after: next } of following) {
        if (stopped.signal.aborted) return;
        // Invariant 3.
        try {
          await listener(envelope, next);
        } catch (error) {
          warn('a listener failed', { topic: envelope.topic, error: messageOf(error) });
        }
      }
    };
    goOn().catch((error: unknown) => warn('events cannot be followed', { topic, error: messageOf(error) }));
    return { topic, unsubscribe: () => stopped.abort() };
  }

  return {
    subscribe,
    async once(topic, wanted = {}) {
      for await (const { envelope } of await follow(wantedOf(topic, wanted))) return envelope;
      throw new Error(`events were closed before there was one of ${topic}`);
    },
    follow,
    async before(events) {
      const newest = await store.streams.newest();
      const back = (number: number) => Math.max(0, number - events);
      const [first] = back(newest.id) === 0 ? [] : await store.streams.readWritten(back(newest.id), 1);
      const { id, key } = first ?? BEGINNING;
      return formatPlace({ id, key, streams: back(newest.streams), audit: back(newest.audit) });
    },
    close: () => ending.abort(),
  };
}

function wantedOf(topic: string, wanted: SubscribeOptions): Following {
  return { topics: [topic], ...wanted };
}

async function* only(
  found: AsyncIterable<Followed>,
  fits: (event: Envelope) => boolean,
): AsyncGenerator<Followed> {
  for await (const followed of found) if (fits(followed.envelope)) yield followed;
}

function numberOf(after = '0'): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new CadreError('invalid_input', `'${after}' is no number of an event of a stream`);
}

async function matcher({ topics, filter }: Wanted): Promise<(event: Envelope) => boolean> {
  // Expressions are large, and most who listen have none.
  const holds =
    filter === undefined ? () => true : (await import('@cadre/core/filter')).compileFilter(filter);
  const isNamed = (event: Envelope) =>
    topics === undefined || topics.some((pattern) => topicFits(pattern, event.topic));
  return (event) => isNamed(event) && holds(event);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
