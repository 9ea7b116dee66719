import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { plainText } from '@cadre/core';
import type { CommandHandler } from '../command.ts';
import { EXIT, failureError, usageError } from '../exit.ts';
import { confirmChange } from '../run/confirm-change.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { plural } from '../show/effects.ts';
import { withApp } from '../with-app.ts';

const MOST_LINES = 40;
const SIGNS = { new: '+', differs: '~', blocked: '!', same: '=' } as const;

/** Files from the backup of a run, into a folder; what stands there already is shown before it is replaced. */
export const restore: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output, options } = invocation;
    const [named, ...paths] = invocation.arguments;
    const { to: folder } = options;
    if (typeof folder !== 'string' || folder === '') {
      throw usageError('restore to which folder?', 'cadre hygiene restore last --to ../restored');
    }
    const to = resolve(io.cwd, folder);
    const there = await stat(to).catch(() => undefined);
    if (there !== undefined && !there.isDirectory()) throw usageError(`${to} is a file, not a folder`);
    const run = await resolveRun(app, named);
    const staged = await app.stageBackup({ run, to, paths });
    if (!staged.ok) throw failureError(staged.failure);
    const { archive, files, history, place, discard } = staged.output;
    try {
      const due = files.filter(({ standing }) => standing !== 'same');
      const document = { run, archive, to, files, history };
      output.line(
        `${archive}, verified: ${plural(files.length, 'file')}${history ? ' and the git history' : ''} to ${to}`,
      );
      const shown = output.verbose ? due : due.slice(0, MOST_LINES);
      for (const { path, standing } of shown) output.line(`  ${SIGNS[standing]} ${plainText(path)}`);
      if (due.length > shown.length)
        output.line(`  … ${due.length - shown.length} more (--verbose shows them)`);
      const count = (standing: string) => files.filter((file) => file.standing === standing).length;
      output.line(
        `${count('new')} new, ${count('differs')} would replace what is there, ${count('same')} are the same already, ${count('blocked')} have something else in their place`,
      );
      if (due.length === 0 && !history) {
        output.document({ ...document, status: 'nothing_to_do' });
        return EXIT.ok;
      }
      const confirmed = await confirmChange(invocation, 'Write these files?');
      if (confirmed !== 'yes') {
        output.document({ ...document, status: 'planned' });
        return confirmed === 'interrupted' ? EXIT.interrupted : EXIT.ok;
      }
      const done = await place();
      output.document({ ...document, status: 'restored', ...done });
      output.line(`${output.colours.green('✓')} ${plural(done.placed.length, 'file')} restored and verified`);
      for (const { path, message } of done.left) output.line(`  ! ${plainText(path)}  ${plainText(message)}`);
      return done.left.length === 0 ? EXIT.ok : EXIT.failed;
    } finally {
      await discard();
    }
  });
