import { resolve } from 'node:path';
import { CadreError, plainText } from '@cadre/core';
import { bytes as bytesText, plural } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { LockedWorker, Offer, Packages } from '../../ports/packages.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { askedOr, openQuestions } from '../questions.ts';
import { rightToChange } from '../run/right-to-change.ts';
import { printOffer } from '../show/offer.ts';
import { provenanceText } from '../show/provenance.ts';
import { printTable } from '../show/table.ts';
import { VERSION } from '../version.ts';
import { withApp } from '../with-app.ts';
import { fetchPackage } from './fetch-package.ts';

export const withPackages = (
  invocation: Invocation,
  work: (packages: Packages, app: App) => Promise<number>,
): Promise<number> => withApp(invocation, async (app) => work(await packagesOf(app), app));

export const packagesOf = (app: App): Promise<Packages> =>
  app.packages({ right: rightToChange(app.dataDir), cadre: VERSION });

export const packWorker: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { io, output, options } = invocation;
    const [folder = '.'] = invocation.arguments;
    const to = typeof options['out'] === 'string' ? resolve(io.cwd, options['out']) : undefined;
    const packed = await packages.pack(resolve(io.cwd, folder), to ?? io.cwd, {
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

export const addWorker: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages, app) => {
    const { output, options } = invocation;
    const wanted =
      options['locked'] === true
        ? await packages.missing()
        : invocation.arguments.map((source) => ({ source }));
    if (wanted.length === 0) {
      if (options['locked'] !== true)
        throw usageError('nothing is named that could be added', 'cadre worker add FILE');
      output.document({ added: [] });
      output.line('everything that the lock names is installed');
      return EXIT.ok;
    }
    const added: LockedWorker[] = [];
    for (const { source, ...rest } of wanted) {
      const worker = await addOne(invocation, packages, app, { source, ...rest });
      added.push(worker);
      output.line(`${worker.id} ${worker.version} is installed; commit .cadre/workers.lock.json`);
    }
    output.document({ added });
    return EXIT.ok;
  });

async function addOne(
  invocation: Invocation,
  packages: Packages,
  app: App,
  { source, expected }: { readonly source: string; readonly expected?: LockedWorker },
): Promise<LockedWorker> {
  const { io, options } = invocation;
  const fetched = await fetchPackage(invocation, packages, app, { source, expected });
  try {
    const leased = await app.holdLease('packages');
    if (!leased.ok) throw heldByOther();
    try {
      const installed = await packages.add({
        archive: fetched.archive,
        source: fetched.source,
        decide: (offer) => decide(offer, invocation),
        ...(expected === undefined ? {} : { expected }),
        ...(options['override'] === true ? { override: true } : {}),
      });
      if (installed.ok) return installed.worker;
      throw declined(installed.offer, source, io.interactive);
    } finally {
      await leased.release();
    }
  } finally {
    await fetched.remove();
  }
}

/** A digest says to what somebody agreed; `yes` would agree to whatever comes. */
const LEAST_DIGEST = 12;

async function decide(offer: Offer, { io, output, options }: Invocation): Promise<boolean> {
  const accepted = options['accept'];
  if (typeof accepted === 'string') {
    if (accepted.length < LEAST_DIGEST)
      throw usageError(`--accept needs at least ${LEAST_DIGEST} characters of the digest`);
    return offer.digest.startsWith(accepted.toLowerCase());
  }
  printOffer(offer, output);
  if (!io.interactive) return false;
  const questions = await openQuestions(io);
  return askedOr(questions.yes(`Install ${offer.manifest.id} ${offer.manifest.version}?`, false), false);
}

function declined({ manifest, digest, reasons }: Offer, source: string, wasAsked: boolean): CadreError {
  const what = `${manifest.id} ${manifest.version} was not installed`;
  if (wasAsked) return new CadreError('denied', `${what}: it was declined`, { hint: 'nothing has changed' });
  return new CadreError(
    'denied',
    `${what}: ${reasons.map(plainText).join('; ')}, and nobody could be asked`,
    {
      hint: `when you have looked at it: cadre worker add ${source} --accept ${digest.slice(0, 16)}`,
    },
  );
}

function heldByOther(): CadreError {
  return new CadreError('lease_held', 'packages are being installed or removed by another process', {
    hint: 'wait for it, or see who it is: cadre lock show',
  });
}

export const removeWorker: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages, app) => {
    const { output, options } = invocation;
    const [id = '', version] = (invocation.arguments[0] ?? '').split('@');
    const leased = await app.holdLease('packages');
    if (!leased.ok) throw heldByOther();
    const gone = await packages.remove(id, version, options['force'] === true).finally(leased.release);
    output.document({ ...gone });
    for (const one of gone.removed) output.line(`removed ${one.id} ${one.version}`);
    if (gone.grants > 0)
      output.line(`revoked ${gone.grants === 1 ? 'its grant' : `its ${gone.grants} grants`}`);
    for (const place of gone.references) output.line(`${output.colours.yellow('still named')} in ${place}`);
    return EXIT.ok;
  });

export const diffWorkers: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { io, output } = invocation;
    const [before = '', after = ''] = invocation.arguments;
    const found = await packages.diff(before, after, io.cwd);
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

export const showSigningKey: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { output } = invocation;
    const { keyId, key, isNew } = await packages.signingKey();
    output.document({ keyId, key });
    if (isNew)
      output.line('made a key to sign with; keep a copy of your data folder, it cannot be made again');
    output.line(`key id      ${keyId}`);
    output.line(`public key  ${key}`);
    output.line(output.colours.dim(`who trusts it: cadre worker trust add ${key} NAME`));
    return EXIT.ok;
  });

export const listSigners: CommandHandler = (invocation) =>
  withPackages(invocation, async ({ signers }) => {
    const { output } = invocation;
    const all = await signers.list();
    output.document({ signers: all });
    if (all.length === 0) output.line('You trust nobody yet: whoever signed a package is asked about.');
    printTable(
      ['name', 'key', 'workers', 'since'],
      all.map(({ name, keyId, workers, since }) => [
        plainText(name),
        keyId,
        workers.join(' '),
        new Date(since).toISOString(),
      ]),
      output,
    );
    return EXIT.ok;
  });

export const trustSigner: CommandHandler = (invocation) =>
  withPackages(invocation, async ({ signers }, app) => {
    const [key = '', name = ''] = invocation.arguments;
    const { workers = '*' } = invocation.options;
    const signer = await signers.add({
      key,
      name,
      workers: String(workers).split(','),
      since: app.clock.now(),
    });
    invocation.output.document({ signer });
    invocation.output.line(
      `${plainText(name)} (${signer.keyId}) is trusted for ${signer.workers.join(', ')}`,
    );
    return EXIT.ok;
  });

export const distrustSigner: CommandHandler = (invocation) =>
  withPackages(invocation, async ({ signers }) => {
    const signer = await signers.remove(invocation.arguments[0] ?? '');
    invocation.output.document({ signer });
    invocation.output.line(
      `${plainText(signer.name)} (${signer.keyId}) is trusted no more; what is installed stays: cadre worker list`,
    );
    return EXIT.ok;
  });
