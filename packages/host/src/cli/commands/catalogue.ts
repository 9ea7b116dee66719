import { resolve } from 'node:path';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { withPackages } from './packages.ts';

export const publishPackages: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { io, output } = invocation;
    const to = folderOf(invocation);
    const archives = invocation.arguments.map((file) => resolve(io.cwd, file));
    const published = await packages.publish(archives, to);
    output.document({ published, to });
    for (const { id, version } of published) output.line(`${id} ${version} is in ${to}`);
    return EXIT.ok;
  });

export const bundlePackages: CommandHandler = (invocation) =>
  withPackages(invocation, async (packages) => {
    const { output } = invocation;
    const to = folderOf(invocation);
    const published = await packages.bundle(to);
    output.document({ published, to });
    if (published.length === 0) output.line('nothing is installed here that could be taken along');
    for (const { id, version } of published) output.line(`${id} ${version} is in ${to}`);
    if (published.length > 0)
      output.line(output.colours.dim(`elsewhere: cadre worker add --locked --from ${to}`));
    return EXIT.ok;
  });

function folderOf({ io, options }: Invocation): string {
  if (typeof options['to'] !== 'string') throw usageError('where to is not said', '--to FOLDER');
  return resolve(io.cwd, options['to']);
}
