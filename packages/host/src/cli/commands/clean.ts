import { bytes, duration } from '@cadre/kit/format';
import { KEPT_CLASSES, type KeptClass } from '../../ports/upkeep.ts';
import type { Cleaned } from '../../upkeep/clean.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import type { Output } from '../output.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

export const clean: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { options, output } = invocation;
    const classes = classesOf(options['class']);
    const cleaned = await app.clean({
      planOnly: options['plan'] === true,
      ...(classes === undefined ? {} : { classes }),
    });
    output.document(cleaned);
    printCleaned(cleaned, output);
    return EXIT.ok;
  });

/** The same as the nightly one: for a trigger of one's own. */
export const maintenance: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const report = await app.maintain();
    output.document(report ?? { maintained: false });
    if (report === undefined) output.line('Another process is at it.');
    else printCleaned(report.cleaned, output);
    return EXIT.ok;
  });

function printCleaned({ classes, expiredResults, vacuum, done }: Cleaned, output: Output): void {
  printTable(
    ['class', 'runs', 'size', done ? 'removed' : 'due', 'of size', 'kept for', 'at most'],
    classes.map(({ class: name, runs, bytes: size, removed, limits }) => [
      name,
      String(runs),
      bytes(size),
      String(removed.runs),
      bytes(removed.bytes),
      keptFor(limits.afterMs),
      limitsText(limits),
    ]),
    output,
  );
  if (!done) {
    output.line('\nNothing was removed: this was the plan.');
    return;
  }
  if (expiredResults > 0) output.line(`\n${expiredResults} results of actions held no more.`);
  if (vacuum !== undefined && vacuum.bytesAfter < vacuum.bytesBefore) {
    output.line(`\nThe store went from ${bytes(vacuum.bytesBefore)} to ${bytes(vacuum.bytesAfter)}.`);
  }
}

const DAY_MS = 24 * 3_600_000;

function keptFor(ms: number): string {
  if (ms === 0) return 'ever';
  return ms < DAY_MS ? duration(ms) : `${Math.round(ms / DAY_MS)} d`;
}

function limitsText({ most, maxBytes }: { readonly most: number; readonly maxBytes: number }): string {
  const parts = [...(most > 0 ? [`${most} runs`] : []), ...(maxBytes > 0 ? [bytes(maxBytes)] : [])];
  return parts.join(', ');
}

function classesOf(given: unknown): readonly KeptClass[] | undefined {
  if (typeof given !== 'string') return undefined;
  const names = given.split(',').map((name) => name.trim());
  const known = names.filter((name): name is KeptClass => (KEPT_CLASSES as readonly string[]).includes(name));
  if (known.length === names.length) return known;
  throw usageError(`"${given}" is no class of what is kept`, `some of ${KEPT_CLASSES.join(', ')}`);
}
