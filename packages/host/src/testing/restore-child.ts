import { restoreStore } from '../data-restore.ts';

/** A process that restores, to be killed in the middle of it: `node restore-child.ts ROOT FILE`. */
const [root = '', file = ''] = process.argv.slice(2);
process.stdout.write('begins\n');
await restoreStore({ place: { root }, env: process.env, file, planOnly: false });
process.stdout.write('done\n');
