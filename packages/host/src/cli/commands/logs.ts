import { isOver, plainText } from '@cadre/core/history';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { jsonText } from '../json-text.ts';
import type { Output } from '../output.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { paint } from '../show/report.ts';
import { withRecords } from '../with-app.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const PAGE = 1_000;

export const logs: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { options, output, io } = invocation;
    const id = await resolveRun(records, invocation.arguments[0]);
    const least = LEVELS.indexOf((options['level'] ?? 'info') as (typeof LEVELS)[number]);
    if (least < 0)
      throw usageError(`there is no level "${String(options['level'])}"`, `one of ${LEVELS.join(', ')}`);
    let after = 0;
    const printNew = async () => {
      for (;;) {
        const lines = await records.engine.logs(id, after, PAGE);
        for (const line of lines) {
          after = line.number;
          const wanted = options['step'] === undefined || line.step === options['step'];
          if (wanted && LEVELS.indexOf(line.level) >= least) print(line, output, io.stdout);
        }
        if (lines.length < PAGE) return;
      }
    };
    await printNew();
    if (options['follow'] === true) {
      for await (const _ of records.engine.watch(id, 0, io.interrupted)) await printNew();
      await printNew();
      const { state } = await records.engine.get(id);
      if (isOver(state.status)) output.note(`${id} ${state.status.replace('_', ' ')}`);
    }
    return EXIT.ok;
  });

function print(
  line: { at: number; step: string; level: (typeof LEVELS)[number]; message: string; fields?: unknown },
  output: Output,
  stdout: NodeJS.WritableStream,
): void {
  if (output.json) {
    stdout.write(`${jsonText(line)}\n`);
    return;
  }
  const { colours } = output;
  const colour = { debug: 'dim', info: 'reset', warn: 'yellow', error: 'red' }[line.level] as 'dim';
  const time = new Date(line.at).toISOString().slice(11, 23);
  output.line(
    `${colours.dim(time)} ${colours.cyan(line.step)} ${paint(plainText(line.message), colour, colours)}`,
  );
}
