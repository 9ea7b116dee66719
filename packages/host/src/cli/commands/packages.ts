import { resolve } from 'node:path';
import { type PackageKind, plainText } from '@cadre/core';
import { bytes as bytesText, plural } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { Packages } from '../../ports/packages.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT } from '../exit.ts';
import { rightToChange } from '../run/right-to-change.ts';
import { provenanceText } from '../show/provenance.ts';
import { printTable } from '../show/table.ts';
import { VERSION } from '../version.ts';
import { withApp } from '../with-app.ts';
import { heldByOther } from './held-by-other.ts';

export const withPackages = (
  invocation: Invocation,
  work: (packages: Packages, app: App) => Promise<number>,
): Promise<number> => withApp(invocation, async (app) => work(await packagesOf(app), app));

export const packagesOf = (app: App): Promise<Packages> =>
  app.packages({ right: rightToChange(app.dataDir), cadre: VERSION });

const pack =
  (kind: PackageKind): CommandHandler =>
  (invocation) =>
    withPackages(invocation, async (packages) => {
      const { io, output, options } = invocation;
      const [folder = '.'] = invocation.arguments;
      const to = typeof options['out'] === 'string' ? resolve(io.cwd, options['out']) : io.cwd;
      const packed = await packages.pack(kind, resolve(io.cwd, folder), to, {
        signs: options['unsigned'] !== true,
        provenance: options['provenance'] === true,
      });
      output.document({ packed });
      const { id, version, files, bytes, file, digest, keyId, provenance } = packed;
      output.line(`packed ${id} ${version}: ${plural(files, 'file')}, ${bytesText(bytes)}`);
      output.line(`  to        ${file}`);
      output.line(`  content   ${digest}`);
      output.line(`  signed by ${keyId ?? 'nobody: whoever adds it is asked'}`);
      if (provenance !== undefined) output.line(`  made from ${provenanceText(provenance)}`);
      return EXIT.ok;
    });

export const packWorker = pack('worker');
export const packSkill = pack('skill');

const remove =
  (kind: PackageKind): CommandHandler =>
  (invocation) =>
    withPackages(invocation, async (packages, app) => {
      const { output, options } = invocation;
      const [id = '', version] = (invocation.arguments[0] ?? '').split('@');
      const leased = await app.holdLease('packages');
      if (!leased.ok) throw heldByOther();
      const gone = await packages
        .remove({ kind, id, version }, options['force'] === true)
        .finally(leased.release);
      output.document({ ...gone });
      for (const one of gone.removed) output.line(`removed ${one.id} ${one.version}`);
      if (gone.grants > 0)
        output.line(`revoked ${gone.grants === 1 ? 'its grant' : `its ${gone.grants} grants`}`);
      const still = (says: string) => output.line(`${output.colours.yellow('still')} ${says}`);
      for (const place of gone.references) still(`named in ${place}`);
      for (const chain of gone.requiredBy) still(`required: ${plainText(chain)}`);
      return EXIT.ok;
    });

export const removeWorker = remove('worker');
export const removeSkill = remove('skill');

const diff =
  (kind: PackageKind): CommandHandler =>
  (invocation) =>
    withPackages(invocation, async (packages) => {
      const { io, output } = invocation;
      const [before = '', after = ''] = invocation.arguments;
      const found = await packages.diff(kind, before, after, io.cwd);
      output.document({
        before: found.before.version,
        after: found.after.version,
        changes: found.changes,
        leastVersion: found.leastVersion,
        isHonest: found.isHonest,
      });
      if (found.changes.length === 0) output.line('nothing that their descriptions tell has changed');
      const rows = found.changes.map(({ step, action = '', says }) => [step, action, plainText(says)]);
      printTable(['step', 'action?', 'change'], rows, output);
      const { after: newer, leastVersion, isHonest } = found;
      if (isHonest) output.line(`${newer.id} ${newer.version} is high enough: at least ${leastVersion}`);
      else
        output.line(
          `${output.colours.red('too low')}: ${newer.id} ${newer.version} has to be at least ${leastVersion}`,
        );
      return isHonest ? EXIT.ok : EXIT.failed;
    });

export const diffWorkers = diff('worker');
export const diffSkills = diff('skill');
