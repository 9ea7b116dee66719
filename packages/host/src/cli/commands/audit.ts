import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exactText } from '@cadre/core/history';
import type { Records } from '../../app.ts';
import type { AuditEntry, AuditRecord } from '../../ports/audit-store.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { jsonText } from '../json-text.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printTable } from '../show/table.ts';
import { withRecords } from '../with-app.ts';
import { timeOption } from './time-option.ts';

const DEFAULT_LIMIT = 50;

export const verify: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { output } = invocation;
    const [anchor, archive] = [pathOption(invocation, 'anchor'), archiveOption(invocation)];
    const result = await records.verifyAudit({
      ...(anchor === undefined ? {} : { anchor }),
      ...(archive === undefined ? {} : { archive }),
    });
    output.document(result);
    if (result.ok) {
      const { records: count, signed, anchored, begins } = result;
      const [first, after] = [begins?.first ?? 1, begins?.after];
      const which = first === 1 ? `${count} records` : `records ${first} to ${count}`;
      output.line(`${output.colours.green('✓')} ${which}, one unbroken chain`);
      if (after !== undefined) {
        const { number, at, by, rule } = after;
        const when = new Date(at).toISOString();
        output.line(
          output.colours.dim(
            `  those up to record ${number} were removed on ${when} by ${exactText(by)} (${exactText(rule)})`,
          ),
        );
      }
      output.line(output.colours.dim(`  signed up to record ${signed}, anchored up to record ${anchored}`));
      return EXIT.ok;
    }
    output.line(
      `${output.colours.red('✗')} record ${result.number} was ${result.kind}: ${exactText(result.message)}`,
    );
    return EXIT.failed;
  });

export const exportRecords: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const fits = await filterOf(invocation, records);
    for await (const { number, previous, hash, entry } of matching(
      records,
      archiveOption(invocation),
      fits,
    )) {
      invocation.io.stdout.write(`${jsonText({ number, previous, hash, ...entry })}\n`);
    }
    return EXIT.ok;
  });

export const searchRecords: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { output, options } = invocation;
    const limit = limitOf(options['limit']);
    const fits = await filterOf(invocation, records);
    const newest: Found[] = [];
    let count = 0;
    for await (const found of matching(records, archiveOption(invocation), fits)) {
      count += 1;
      newest.push(found);
      if (newest.length > limit) newest.shift();
    }
    output.document({
      found: count,
      records: newest.map(({ number, hash, entry }) => ({ number, hash, ...entry })),
    });
    if (count === 0) output.line('No record fits.');
    const rows = newest.map(({ number, entry }) => [
      String(number),
      new Date(entry.at).toISOString(),
      entry.principal,
      exactText(`${entry.worker}/${entry.action}`),
      entry.operation,
      exactText(entry.target ?? entry.permission ?? ''),
      entry.decision,
      exactText(entry.grant ?? entry.rule),
      exactText(entry.outcome ?? ''),
    ]);
    const head = ['record', 'when?', 'who?', 'action', 'operation', 'what?', 'decision', 'rule?', 'outcome?'];
    printTable(head, rows, output);
    if (count > newest.length)
      output.line(`the newest ${newest.length} of ${count}; all of them: --limit ${count}`);
    return EXIT.ok;
  });

interface Found extends Omit<AuditRecord, 'entry'> {
  readonly entry: AuditEntry;
}

type Fits = (entry: AuditEntry, text: string) => boolean;

async function* matching(records: Records, archive: string | undefined, fits: Fits): AsyncGenerator<Found> {
  for await (const page of records.readAudit(archive)) {
    for (const record of page) {
      const entry = JSON.parse(record.entry) as AuditEntry;
      if (fits(entry, record.entry)) yield { ...record, entry };
    }
  }
}

/** One that is not there would be as good as an empty one. */
function archiveOption(invocation: Invocation): string | undefined {
  const folder = pathOption(invocation, 'archive');
  if (folder === undefined || existsSync(folder)) return folder;
  throw usageError(`there is no folder ${folder}`, 'name the folder that audit.archive names');
}

function pathOption({ options, io }: Invocation, name: string): string | undefined {
  const given = options[name];
  return typeof given === 'string' ? resolve(io.cwd, given) : undefined;
}

/** All that is asked for has to fit; each in whole words, apart from the text, which may stand anywhere. */
async function filterOf(invocation: Invocation, records: Records): Promise<Fits> {
  const { options } = invocation;
  const [text] = invocation.arguments;
  const run = typeof options['run'] === 'string' ? await resolveRun(records, options['run']) : undefined;
  const from = timeOption(options, 'from');
  const to = timeOption(options, 'to');
  const wanted = (name: string) => (typeof options[name] === 'string' ? options[name] : undefined);
  const [worker, action] = (wanted('action') ?? '').includes('/')
    ? (wanted('action') ?? '').split('/')
    : [wanted('worker'), wanted('action')];
  const decision = wanted('decision');
  if (decision !== undefined && !['allowed', 'denied', 'asked'].includes(decision)) {
    throw usageError(`--decision is allowed, denied or asked, not '${decision}'`);
  }
  const same = { run, worker, action, decision, principal: wanted('who'), grant: wanted('grant') };
  const permission = wanted('permission');
  const needle = text?.toLowerCase();
  return (entry, written) =>
    Object.entries(same).every(
      ([key, value]) => value === undefined || entry[key as keyof AuditEntry] === value,
    ) &&
    (permission === undefined ||
      entry.permission === permission ||
      entry.permission?.startsWith(`${permission}:`) === true) &&
    (from === undefined || entry.at >= from) &&
    (to === undefined || entry.at < to) &&
    (needle === undefined || written.toLowerCase().includes(needle));
}

function limitOf(given: unknown): number {
  if (given === undefined) return DEFAULT_LIMIT;
  const limit = Number(given);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw usageError(`--limit is a number from 1 on, not '${given}'`);
}
