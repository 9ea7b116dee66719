import { exactText } from '@cadre/core/history';
import { bytes, duration } from '@cadre/kit/format';
import { isFault } from '../../ports/trimmed-audit.ts';
import { CLEANED_CLASSES, type Cleaned, type CleanedName } from '../../upkeep/clean.ts';
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
    return exitOf(cleaned);
  });

/** What a hold keeps is as it should be; what could not be proved or archived is for a person to look at. */
function exitOf({ audit }: Cleaned): number {
  return isFault(audit?.stopped) ? EXIT.failed : EXIT.ok;
}

/** The same as the nightly one: for a trigger of one's own. */
export const maintenance: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const report = await app.maintain();
    output.document(report ?? { maintained: false });
    if (report === undefined) output.line('Another process is at it.');
    else printCleaned(report.cleaned, output);
    return report === undefined ? EXIT.ok : exitOf(report.cleaned);
  });

function printCleaned(cleaned: Cleaned, output: Output): void {
  const { classes, artifacts, definitions, firings, expiredResults, vacuum, done } = cleaned;
  printTable(
    ['class', 'count', 'size', done ? 'removed' : 'due', 'of size', 'kept for', 'at most'],
    [
      ...classes.map((one) => ({ ...one, name: one.class, count: one.runs, gone: one.removed.runs })),
      ...artifacts.map((one) => ({
        ...one,
        name: `artifacts, ${one.class}`,
        count: one.artifacts,
        gone: one.removed.artifacts,
      })),
    ].map(({ name, count, bytes: size, gone, removed, limits }) => [
      name,
      String(count),
      bytes(size),
      String(gone),
      bytes(removed.bytes),
      keptFor(limits.afterMs),
      limitsText(limits),
    ]),
    output,
  );
  printAudit(cleaned, output);
  if (!done) {
    output.line('\nNothing was removed: this was the plan.');
    return;
  }
  if (definitions > 0)
    output.line(`\n${definitions} definitions of workflows that no run names were removed.`);
  if (firings > 0) output.line(`\n${firings} firings of triggers were removed.`);
  if (expiredResults > 0) output.line(`\n${expiredResults} results of actions held no more.`);
  if (vacuum !== undefined && vacuum.bytesAfter < vacuum.bytesBefore) {
    output.line(`\nThe store went from ${bytes(vacuum.bytesBefore)} to ${bytes(vacuum.bytesAfter)}.`);
  }
}

function printAudit({ audit, done }: Cleaned, output: Output): void {
  if (audit === undefined) return;
  const { records, removed, keepMs, archive, stopped } = audit;
  const gone = `${removed.records} ${done ? 'were removed' : 'are due'}`;
  output.line(`\naudit: ${records} records, kept for ${keptFor(keepMs)}; ${gone}`);
  if (archive !== undefined) output.line(`  they are in ${archive}`);
  if (stopped !== undefined) output.line(`  ${exactText(stopped.message)}`);
}

const DAY_MS = 24 * 3_600_000;

function keptFor(ms: number): string {
  if (ms === 0) return 'ever';
  return ms < DAY_MS ? duration(ms) : `${Math.round(ms / DAY_MS)} d`;
}

function limitsText({ most, maxBytes }: { readonly most: number; readonly maxBytes: number }): string {
  const parts = [...(most > 0 ? [String(most)] : []), ...(maxBytes > 0 ? [bytes(maxBytes)] : [])];
  return parts.join(', ');
}

function classesOf(given: unknown): readonly CleanedName[] | undefined {
  if (typeof given !== 'string') return undefined;
  const names = given.split(',').map((name) => name.trim());
  const known = names.filter((name): name is CleanedName =>
    (CLEANED_CLASSES as readonly string[]).includes(name),
  );
  if (known.length === names.length) return known;
  throw usageError(`"${given}" is no class of what is kept`, `some of ${CLEANED_CLASSES.join(', ')}`);
}
