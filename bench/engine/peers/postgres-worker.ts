import { openShared } from './cadre-postgres.ts';

/** A process that only performs: `postgres-worker.ts URL SCHEMA`, until it is told to end. */
const [url = '', schema = ''] = process.argv.slice(2);
const worker = await openShared(url, schema);
worker.engine.work();
process.on('SIGTERM', () => void worker.close());
process.stdout.write('ready\n');
