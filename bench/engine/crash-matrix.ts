/**
 * Kills what runs the conformance suite at its appends, on both stores, does worse things besides, and writes what came of
 * it to `docs/crash-matrix.md`: `node bench/engine/crash-matrix.ts [--sqlite 100] [--postgres 2] [--kills 15]`. The first two
 * say at how many appends of each case at most. Exit code 1 when anything was lost or done twice.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { lacksPostgres, startPostgres } from '../../packages/host/src/testing/postgres-server.ts';
import { type ConformanceCase, readCases } from '../../packages/host/test/conformance/read-cases.ts';
import { killEverywhere, type Row } from './crash-cells.ts';
import { crashPage } from './crash-page.ts';
import { worseThings } from './worse-things.ts';

const { values } = parseArgs({
  options: {
    sqlite: { type: 'string', default: '100' },
    postgres: { type: 'string', default: '2' },
    kills: { type: 'string', default: '15' },
  },
});
/** Cases at the same time on PostgreSQL, each in a schema of its own: most of the time they wait. */
const LANES = 3;

const worse = await worseThings(Number(values.kills));
for (const { what, came } of worse) console.error(`${what}: ${came}`);
const cases = readCases();
const sqlite: Row[] = [];
for (const given of cases) sqlite.push(await killEverywhere(given, undefined, Number(values.sqlite)));
console.error('SQLite is done');
const postgres = lacksPostgres() ? [] : await onPostgres(cases, Number(values.postgres));
console.error('PostgreSQL is done');
writeFileSync(new URL('../../docs/crash-matrix.md', import.meta.url), crashPage({ sqlite, postgres, worse }));
const wrong = [...sqlite, ...postgres].flatMap((row) => row.wrong);
for (const line of wrong) console.error(line);
process.exit(wrong.length === 0 && worse.every(({ kept }) => kept) ? 0 : 1);

async function onPostgres(all: readonly ConformanceCase[], most: number): Promise<Row[]> {
  const server = await startPostgres();
  try {
    const waiting = [...all.entries()];
    const rows: Row[] = [];
    const work = async (lane: number) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, given] = next;
        const ground = { url: server.url, schema: `matrix${process.pid}_${lane}` };
        rows[index] = await killEverywhere(given, ground, most);
        console.error(given.name);
      }
    };
    await Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane)));
    return rows;
  } finally {
    await server.close();
  }
}
