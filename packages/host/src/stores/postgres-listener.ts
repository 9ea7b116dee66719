import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { PostgresAddress } from './postgres-address.ts';
import { type Client, prepared, type Sessions } from './postgres-sessions.ts';

/** A payload of NOTIFY has less than 8,000 bytes. */
const MOST_BYTES = 7_000;
const PAUSE_MS = 500;

/** Names of channels are one space for the whole database, and 63 bytes long. */
function channelOf({ schema }: PostgresAddress): string {
  return `cadre_${createHash('sha256').update(schema).digest('hex').slice(0, 24)}`;
}

/** Told to all who listen with the commit of the transaction. */
export async function tell(
  client: Client,
  address: PostgresAddress,
  lines: readonly string[],
): Promise<void> {
  const channel = channelOf(address);
  // All sent at once: a commit may follow that waits for none of them.
  await Promise.all(
    payloadsOf([...new Set(lines)]).map((payload) =>
      client.query(prepared('SELECT pg_notify($1, $2)', [channel, payload])),
    ),
  );
}

function payloadsOf(lines: readonly string[]): string[] {
  const payloads: string[] = [];
  let payload = '';
  for (const line of lines) {
    if (payload !== '' && Buffer.byteLength(payload) + Buffer.byteLength(line) > MOST_BYTES) {
      payloads.push(payload);
      payload = '';
    }
    payload += payload === '' ? line : `\n${line}`;
  }
  return payload === '' ? payloads : [...payloads, payload];
}

/** Hears what was told, over a connection of its own that is made anew when it breaks. */
export function listen(
  sessions: Sessions,
  address: PostgresAddress,
  hear: (line: string | undefined) => void,
): () => void {
  const stopped = new AbortController();
  let client: pg.Client | undefined;

  async function open(): Promise<void> {
    const opened = await sessions.connect();
    client = opened;
    if (stopped.signal.aborted) return opened.end();
    opened.on('notification', ({ payload = '' }) => {
      for (const line of payload.split('\n')) hear(line);
    });
    const broken = new Promise<void>((resolve) => opened.once('end', resolve));
    await opened.query(`LISTEN ${channelOf(address)}`);
    hear(undefined);
    await broken;
  }

  async function goOn(): Promise<void> {
    while (!stopped.signal.aborted) {
      await open().catch(() => client?.end().catch(() => undefined));
      await wait(PAUSE_MS, undefined, { signal: stopped.signal, ref: false }).catch(() => undefined);
    }
  }

  void goOn();
  return () => {
    stopped.abort();
    void client?.end().catch(() => undefined);
  };
}
