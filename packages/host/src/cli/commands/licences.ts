import { plainText } from '@cadre/core';
import { plural } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { packagesOf } from './packages.ts';

const UNKNOWN = 'unknown';

/** WRK-8: what a workspace has taken in from others, and under which licences. */
export async function listLicences(app: App, { output }: Invocation): Promise<number> {
  const licences = await (await packagesOf(app)).licences();
  output.document({ licences });
  if (licences.length === 0) {
    output.line('All workers here came with Cadre, under its own licence.');
    return EXIT.ok;
  }
  const rows = licences.flatMap(({ worker, version, licence = UNKNOWN, packages }) => [
    [worker, '', version, plainText(licence)],
    ...packages.map((one) => [
      worker,
      plainText(one.name),
      plainText(one.version),
      plainText(one.licence ?? UNKNOWN),
    ]),
  ]);
  printTable(['worker', 'package?', 'version', 'licence'], rows, output);
  const unknown = rows.filter(([, , , licence]) => licence === UNKNOWN);
  if (unknown.length > 0) {
    const names = unknown.map(([worker, name]) => (name === '' ? worker : name)).join(', ');
    output.line(`\n${plural(unknown.length, 'licence')} unknown: ${names}`);
  }
  return EXIT.ok;
}
