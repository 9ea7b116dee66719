import { plainText } from '@cadre/core';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withPackages } from './packages.ts';

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
