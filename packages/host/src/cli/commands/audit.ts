import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { jsonText } from '../json-text.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { withRecords } from '../with-app.ts';

const PAGE = 1_000;

export const verify: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { output } = invocation;
    const result = await records.verifyAudit();
    output.document(result);
    if (result.ok) {
      output.line(`${output.colours.green('✓')} ${result.records} records, one unbroken chain`);
      return EXIT.ok;
    }
    output.line(`${output.colours.red('✗')} record ${result.number} was ${result.kind}: ${result.message}`);
    return EXIT.failed;
  });

export const exportRecords: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { run: wanted } = invocation.options;
    const run = typeof wanted === 'string' ? await resolveRun(records, wanted) : undefined;
    for (let after = 0; ; ) {
      const page = await records.audit.read(after, PAGE);
      for (const record of page) {
        after = record.number;
        const entry = JSON.parse(record.entry) as { run?: string };
        if (run !== undefined && entry.run !== run) continue;
        const { number, hash, previous } = record;
        invocation.io.stdout.write(`${jsonText({ number, previous, hash, ...entry })}\n`);
      }
      if (page.length < PAGE) return EXIT.ok;
    }
  });
