import { CadreError, nearest, type PackageKind, plainText, whyChosen } from '@cadre/core';
import type { App } from '../../app.ts';
import type { Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';

const NOTHING = 'nothing';

/** Who asks for a worker or a skill, along which chain, and which version each of them gets. */
export async function printWhyHere(kind: PackageKind, app: App, invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const { bold, dim, red } = output.colours;
  const [id = ''] = (invocation.arguments[0] ?? '').split('@');
  const present = await app.skills.present();
  const { versions, asking, faults } = whyChosen({ kind, id }, present);
  if (versions.length === 0 && asking.length === 0) {
    const [near] = nearest(
      id,
      present.filter((one) => one.kind === kind).map((one) => one.id),
    );
    throw new CadreError('not_found', `there is no ${kind} ${id}, and nothing asks for one`, {
      hint: near === undefined ? `cadre ${kind} list` : `cadre ${kind} why ${near}`,
    });
  }
  output.document({ kind, id, versions, asking, faults });
  output.line(
    versions.length === 0
      ? `${faults.length === 0 ? dim('not here') : red('missing')} ${kind} ${id}`
      : `${bold(id)} ${versions.join(', ')}`,
  );
  if (asking.length === 0) output.line('  nothing here asks for it: it is there because it was added');
  // No table: a chain is of use as a whole.
  const width = Math.max(...asking.map(({ version = NOTHING }) => version.length), 0);
  for (const { chain, version } of asking)
    output.line(`  ${version?.padEnd(width) ?? red(NOTHING.padEnd(width))}  ${plainText(chain)}`);
  if (asking.length > 0)
    output.line(dim('of what is here each gets the newest that goes together with the rest'));
  for (const { message, chains } of faults) {
    output.line(`${red('lacking')} ${plainText(message)}`);
    for (const chain of chains) output.line(dim(`  ${plainText(chain)}`));
  }
  return faults.length === 0 ? EXIT.ok : EXIT.failed;
}
