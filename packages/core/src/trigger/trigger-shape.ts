import { parseDuration } from '../time.ts';
import { permissions, retry } from '../workflow/limit-shapes.ts';
import { anything, byKind, flag, list, object, oneOf, record, text, withOneOf } from '../workflow/shape.ts';
import * as values from '../workflow/values.ts';
import { SIGNATURES } from './trigger.ts';

const glob = text(
  'a path or glob within the workspace such as src/**/*.ts',
  (value) => value !== '' && !value.startsWith('/') && !value.split('/').includes('..'),
  { pattern: '^[^/]' },
);

/** Between what an editor needs to write one file and what a person would wait for. */
const debounce = text(
  'a duration from 50ms to 1m',
  (value) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms >= 50 && ms <= 60_000;
  },
  { pattern: '^([0-9]+([.][0-9]+)?(ms|[sm]))+$' },
);

const header = text(
  'the name of a header such as X-Signature',
  (value) => /^[A-Za-z0-9-]{1,64}$/.test(value),
  {
    pattern: '^[A-Za-z0-9-]{1,64}$',
  },
);

const secret = text('a reference such as secret:HOOK', (value) => /^secret:[A-Za-z_]\w{0,63}$/.test(value), {
  pattern: '^secret:[A-Za-z_][A-Za-z0-9_]{0,63}$',
});

const topic = text(
  'a topic such as run.hygiene.failed, with * for one part or ** at its end for all the rest',
  (value) => /^([\w-]+|\*)(\.([\w-]+|\*))*(\.\*\*)?$|^\*\*$/.test(value) && value.length <= 200,
  { pattern: '^(([A-Za-z0-9_-]+|[*])([.]([A-Za-z0-9_-]+|[*]))*([.][*][*])?|[*][*])$' },
);

const rule = text('a rule such as "0 7 * * mon-fri", @daily, every 15m, at 2027-01-31T08:00 or in 2h');

const schedule = byKind('a rule or a map with `rule`', {
  string: rule,
  map: object(
    {
      rule: [rule, 'Cron of five fields or six with seconds, @daily and the like, every 15m, at TIME, in 2h'],
      ifPast: [oneOf('refuse', 'run'), 'What is done with a single time that is over already'],
    },
    ['rule'],
  ),
});

const watch = byKind('globs or a map with `paths`', {
  string: glob,
  list: list(glob, 1),
  map: object(
    {
      paths: [list(glob, 1), 'Globs of the files that are watched'],
      ignore: [list(glob), 'Globs of files that are not, besides .git, .cadre and node_modules'],
      debounce: [debounce, 'So long nothing may change before what did is one happening (500ms)'],
      initial: [flag, 'What is there when watching begins counts as a change'],
    },
    ['paths'],
  ),
});

const webhook = object(
  {
    signature: [oneOf(...SIGNATURES), 'Who signs, and how'],
    secret: [secret, 'What it is signed with'],
    header: [header, 'Where the signature stands, with signature: header'],
    delivery: [header, 'Where the id of the delivery stands'],
  },
  ['signature', 'secret'],
);

const event = byKind('a topic or a map with `topic`', {
  string: topic,
  map: object({ topic: [topic, 'Topics of the events'] }, ['topic']),
});

const on = withOneOf(
  object({
    schedule: [schedule, 'Times'],
    watch: [watch, 'Files that change'],
    webhook: [webhook, 'What other programs post to /api/v1/hooks/NAME'],
    event: [event, 'What happens in Cadre, and what cadre emit says'],
    manual: [oneOf(true), 'Only cadre trigger run'],
  }),
  'schedule',
  'watch',
  'webhook',
  'event',
  'manual',
);

const missed = oneOf('newest', 'skip', 'all');

const spec = object(
  {
    on: [on, 'What starts a run'],
    if: [values.condition, 'Only when this holds of `event`'],
    run: [text('the name of a workflow', (value) => /^[\w./-]{1,200}$/.test(value)), 'The workflow'],
    with: [record(anything, values.inputName), 'Its inputs'],
    timeZone: [text('a time zone such as Europe/Berlin'), 'Whose clocks the schedule goes by (UTC)'],
    overlap: [
      oneOf('skip', 'queue', 'cancel-running', 'allow'),
      'While a run of it goes on (schedules: skip, file changes: queue, else allow)',
    ],
    missed: [
      byKind('newest, skip, all or a map', {
        string: missed,
        map: object({
          policy: [missed, 'Which are made up for'],
          window: [values.duration, 'Older ones are not (24h)'],
        }),
      }),
      'What is done with times that were due while nothing ran',
    ],
    jitter: [values.duration, 'Begun later by up to this, always by the same for the same time'],
    priority: [oneOf('low', 'normal', 'high'), 'Which goes first when not all can'],
    retry: [retry, 'How often a run that failed is tried again (not at all)'],
    enabled: [flag, 'Whether it starts anything'],
    permissions: [permissions, 'The most any step of its runs may ever be granted'],
  },
  ['on', 'run'],
);

const metadata = object(
  {
    name: [
      text(
        'a name of lower-case letters, digits and dashes',
        (value) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value),
        {
          pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
        },
      ),
      'The name of the trigger; of a webhook the end of its address too',
    ],
    description: [text('a text'), 'What it is for'],
  },
  ['name'],
);

/** A whole document of a trigger. */
export const TRIGGER_DOCUMENT = object(
  {
    apiVersion: [oneOf('cadre/v1'), 'The version of the language'],
    kind: [oneOf('Trigger'), 'What this document describes'],
    metadata: [metadata, 'Its name'],
    spec: [spec, 'The trigger'],
  },
  ['apiVersion', 'kind', 'metadata', 'spec'],
);
