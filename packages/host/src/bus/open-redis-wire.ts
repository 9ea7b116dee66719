import { createHash } from 'node:crypto';
import { createClient } from '@redis/client';
import type { Wire } from '../ports/wire.ts';

export interface RedisWireOptions {
  /** `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `rediss://` over TLS. */
  readonly url: string;
  /** Processes with the same one hear each other. */
  readonly name: string;
  /** Told when the server goes away, and when it is there again; never with the address. */
  readonly warn: (text: string) => void;
}

/** How long to wait before the n-th try to get back. */
const backMs = (tries: number) => Math.min(50 * 2 ** tries, 2_000);
/** Without a server everybody looks at the store more often; this keeps them from resting. */
const DEAF_MS = 5_000;

/**
 * Redis as the way to wake other processes.
 *
 * Invariants
 * 1. A server that is not there, or goes away, is never waited for: what is told meanwhile is lost, and those who listen
 *    hear that they may have missed something, again and again until it is back, and once more then.
 * 2. Nothing is kept in Redis.
 */
export function openRedisWire({ url, name, warn }: RedisWireOptions): Wire {
  const channel = `cadre:${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
  const hearers = new Set<(line: string | undefined) => void>();
  const sender = open();
  let receiver: ReturnType<typeof open> | undefined;
  let deaf: NodeJS.Timeout | undefined;
  let isTold = false;
  let isClosed = false;

  function open() {
    const client = createClient({
      url,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: backMs, connectTimeout: 5_000 },
    });
    client.on('error', (error: Error) => {
      if (!isTold && !isClosed) warn(`Redis does not answer: ${reasonOf(error)}`);
      isTold = true;
    });
    client.on('ready', () => {
      if (isTold) warn('Redis is there again');
      isTold = false;
    });
    // It goes on trying by itself.
    client.connect().catch(() => undefined);
    return client;
  }

  function missed(): void {
    for (const hear of hearers) hear(undefined);
  }

  function beginToListen(): void {
    const client = open();
    receiver = client;
    client.on('ready', () => {
      clearInterval(deaf);
      deaf = undefined;
      missed();
    });
    client.on('error', () => {
      deaf ??= setInterval(missed, DEAF_MS).unref();
    });
    const hear = (message: string) => {
      for (const line of message.split('\n')) for (const one of hearers) one(line);
    };
    // Subscribed once; the client does it again whenever it is back.
    const subscribe = () => client.subscribe(channel, hear).catch(() => undefined);
    client.once('ready', () => void subscribe().then(missed));
  }

  return {
    publish(lines) {
      if (lines.length === 0 || !sender.isReady) return;
      sender.publish(channel, lines.join('\n')).catch(() => undefined);
    },
    listen(hear) {
      hearers.add(hear);
      if (receiver === undefined) beginToListen();
      return () => hearers.delete(hear);
    },
    async close() {
      isClosed = true;
      clearInterval(deaf);
      hearers.clear();
      for (const client of [sender, receiver]) client?.destroy();
    },
  };
}

/** Some of its errors name the host, none the password; still only what kind of error it is. */
function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
