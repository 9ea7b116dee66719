/** How often idle processes ask PostgreSQL, a minute: `node bench/store/idle.ts [--seconds 60]`. Needs PostgreSQL's programs. */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { openWorld } from '../../packages/host/src/engine/testing/world.ts';
import { startPostgres } from '../../packages/host/src/testing/postgres-server.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string' } } });
const seconds = Number(values.seconds ?? 60);
const server = await startPostgres();
const world = openWorld(server.url);
let asked = 0;
const { query } = pg.Client.prototype;
pg.Client.prototype.query = function counted(this: pg.Client, ...given: unknown[]) {
  asked += 1;
  return (query as (...all: unknown[]) => unknown).apply(this, given);
} as typeof query;
await world.process({});
const measured = async (what: string, forSeconds: number) => {
  const before = asked;
  await pause(forSeconds * 1_000);
  console.log(`${what}: ${Math.round((asked - before) * (60 / forSeconds))} statements a minute`);
};
await measured('just begun', 10);
await pause(25_000);
await measured('idle', seconds);
await world.close();
await server.close();
