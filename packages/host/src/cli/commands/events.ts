import { CadreError, plainText } from '@cadre/core/history';
import type { Envelope } from '@cadre/sdk';
import type { Records } from '../../app.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { jsonText } from '../json-text.ts';
import { openEnded } from '../open-ended.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { withRecords } from '../with-app.ts';

/** Without a place to begin at, and without following, so many are looked at. */
const LAST = 1_000;

export const events: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { options, output, io } = invocation;
    const stream = options['stream'] === undefined ? undefined : await streamOf(records, options['stream']);
    const wait = options['follow'] === true;
    const bus = await records.events();
    const found = await bus.follow({
      ...topicsOf(options['topic']),
      ...(typeof options['filter'] === 'string' ? { filter: options['filter'] } : {}),
      ...(stream === undefined ? {} : { stream }),
      ...(await beginningOf(invocation, bus, stream, wait)),
      wait,
      signal: io.interrupted,
    });
    let last: string | undefined;
    await openEnded(async () => {
      for await (const { envelope, after } of found) {
        show(invocation, envelope);
        last = after;
      }
    });
    if (last !== undefined && stream === undefined) output.note(`what comes after these: --after ${last}`);
    return EXIT.ok;
  });

export const replayEvents: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const { options, output } = invocation;
    const stream = await streamOf(records, invocation.arguments[0]);
    const from = options['from'] === undefined ? undefined : numberOf(options['from']);
    const bus = await records.events();
    const replayed = await bus.replay(stream, (event) => {
      if (from !== undefined && event.number >= from) show(invocation, event, !output.json);
    });
    const { run, extension, differences, events: count } = replayed;
    output.document({ ...replayed, same: differences.length === 0 });
    output.line(`${stream}: ${count} ${count === 1 ? 'event' : 'events'} replayed`);
    if (run !== undefined) {
      const steps = Object.entries(run.steps).map(([status, many]) => `${many} ${status.replace('_', ' ')}`);
      output.line(
        `  ${run.status.replace('_', ' ')} at number ${run.number}; steps: ${steps.join(', ') || 'none'}`,
      );
    }
    if (extension !== undefined) {
      output.line(`  ${extension.pieces} parts, ${extension.bytes} bytes; ${extension.end ?? 'goes on'}`);
    }
    for (const difference of differences) output.line(`  ${output.colours.red('differs')} ${difference}`);
    if (differences.length === 0) {
      output.line(run === undefined ? '  without a gap' : '  the store says the same of it');
      return EXIT.ok;
    }
    throw new CadreError('store_corrupt', `what is stored of ${stream} is not what its events say`, {
      hint: 'restore a backup: cadre data restore',
      details: { differences },
    });
  });

function topicsOf(named: unknown): { readonly topics?: readonly string[] } {
  if (typeof named !== 'string') return {};
  const topics = named.split(',').map((topic) => topic.trim());
  const wrong = topics.find((topic) => !/^(\*|[\w-]+)(\.(\*|[\w-]+))*(\.\*\*)?$|^\*\*$/.test(topic));
  if (wrong === undefined) return { topics };
  throw usageError(`'${wrong}' is no pattern of topics`, "--topic 'run.**,step.failed'");
}

/** A run may be named as elsewhere: by the beginning of its id, or as `last`. */
async function streamOf(records: Records, named: unknown): Promise<string> {
  const text = String(named ?? 'last');
  if (text === 'audit' || text === 'emitted' || text.startsWith('firing:')) return text;
  const [run = '', ...rest] = text.split(':');
  return [await resolveRun(records, run), ...rest].join(':');
}

type Bus = Awaited<ReturnType<Records['events']>>;

async function beginningOf(
  { options }: Invocation,
  bus: Bus,
  stream: string | undefined,
  follows: boolean,
): Promise<{ readonly after?: string }> {
  const { from, after } = options;
  if (from !== undefined && after !== undefined)
    throw usageError('--from or --after, not both', '--after start');
  if (typeof after === 'string') return { after };
  if (from !== undefined) {
    if (stream === undefined) {
      throw usageError('--from is a number of a stream: name one', '--stream last --from 1');
    }
    return { after: String(numberOf(from) - 1) };
  }
  return stream !== undefined || follows ? {} : { after: await bus.before(LAST) };
}

function numberOf(given: unknown): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw usageError(`--from is a number from 1, not '${String(given)}'`, '--from 1');
}

function show({ output, io }: Invocation, event: Envelope, plain = false): void {
  if (output.json && !plain) {
    io.stdout.write(`${jsonText(event)}\n`);
    return;
  }
  const { colours } = output;
  const { id, time, topic, step, data } = event;
  const place = colours.dim(`${time.slice(0, 19).replace('T', ' ')} ${id}`);
  const what = [colours.cyan(topic), step ?? ''].filter((part) => part !== '');
  output.line(`${place} ${what.join(' ')} ${colours.dim(said(data, output.width))}`.trimEnd());
}

function said(data: Envelope['data'], width: number): string {
  const text = Object.keys(data).length === 0 ? '' : plainText(JSON.stringify(data));
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
