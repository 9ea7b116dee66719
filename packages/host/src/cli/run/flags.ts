import type { InputSpec, Workflow } from '@cadre/core';
import type { JsonObject } from '@cadre/sdk';
import { Command, Option } from 'commander';
import { LOG_FLAGS } from './log-flags.ts';

/** What every workflow can be told on the command line, besides its own inputs. */
export interface RunFlags {
  readonly path?: string;
  readonly profile?: string;
  readonly steps?: readonly string[];
  readonly skip?: readonly string[];
  readonly from?: string;
  readonly yes?: boolean;
  readonly plan?: boolean;
  readonly timeout?: string;
  readonly lockWait?: string;
  readonly timings?: boolean;
  /** False with `--no-cache`. */
  readonly cache?: boolean;
  readonly onlyChanged?: boolean;
  readonly base?: string;
  readonly staged?: boolean;
  readonly mermaid?: boolean;
  readonly interactive?: boolean;
}

export interface RunArguments {
  readonly flags: RunFlags;
  /** Inputs as they were typed: strings, lists of strings or booleans. */
  readonly inputs: JsonObject;
}

export const commaSeparated = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

const RUN_OPTIONS: readonly Option[] = [
  new Option('-p, --path <folder>', 'repository to work on (default: the one around the current folder)'),
  new Option('--profile <name>', 'named preset of steps and inputs'),
  new Option('-s, --steps <list>', 'only these steps, in this order').argParser(commaSeparated),
  new Option('--skip <list>', 'all but these steps').argParser(commaSeparated),
  new Option('--from <step>', 'begin at this step'),
  new Option('-y, --yes', 'apply without asking'),
  new Option('-d, --plan', 'show the plan and change nothing'),
  new Option('--dry-run', 'the same as --plan').hideHelp(),
  new Option('-t, --timeout <duration>', 'limit of the whole run, for example 20m (default: none)'),
  new Option('--lock-wait <duration>', 'wait so long for another run to end (default: not at all)'),
  new Option('--timings', 'show durations, compared with earlier runs'),
  new Option('--no-cache', 'perform every step, also what did not change since an earlier run'),
  new Option('--only-changed', 'only files that differ from the base branch'),
  new Option('--no-only-changed', 'all files, whatever the profile says').hideHelp(),
  new Option('--base <branch>', 'what --only-changed compares with (default: the main branch)'),
  new Option('--staged', 'only staged files'),
  new Option('--mermaid', 'draw the plan as a Mermaid diagram'),
  new Option('-i, --interactive', 'ask for steps, profile and switches, show what they come to, then go on'),
  ...LOG_FLAGS.map(([flags, description]) => new Option(flags, description)),
];

const GLOBAL_OPTIONS: readonly Option[] = [
  new Option('--json', 'print one JSON document and nothing else'),
  new Option('-q, --quiet', 'no progress and no remarks'),
  new Option('-v, --verbose', 'say more'),
  new Option('--no-color', 'no colours'),
  new Option('-C, --workspace <folder>', 'the same as --path'),
];

/** The inputs that are set by a common flag and therefore have none of their own. */
const SET_BY_FLAG = new Set(['path', 'paths', 'changed']);

/** A command whose options are the common ones and one for each input of the workflow. */
export function buildRunCommand(name: string, workflow: Workflow): Command {
  const command = new Command(`cadre run ${name}`)
    .description(workflow.description ?? `Run the workflow ${workflow.name}`)
    .exitOverride()
    .showSuggestionAfterError(true);
  for (const option of RUN_OPTIONS) command.addOption(option);
  for (const [input, spec] of Object.entries(workflow.inputs)) {
    if (SET_BY_FLAG.has(input)) continue;
    for (const option of inputOptions(input, spec)) command.addOption(option);
  }
  for (const option of GLOBAL_OPTIONS) command.addOption(option);
  return command;
}

export function readRunArguments(command: Command, workflow: Workflow): RunArguments {
  const options = command.opts<RunFlags & { dryRun?: boolean } & Record<string, unknown>>();
  const inputs: JsonObject = {};
  for (const input of Object.keys(workflow.inputs)) {
    if (SET_BY_FLAG.has(input) || command.getOptionValueSource(input) !== 'cli') continue;
    inputs[input] = options[input] as JsonObject[string];
  }
  return { flags: { ...options, plan: options.plan === true || options.dryRun === true }, inputs };
}

function inputOptions(input: string, spec: InputSpec): Option[] {
  const flag = input.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const description = describeInput(spec);
  if (spec['type'] === 'boolean') {
    return [
      new Option(`--${flag}`, description),
      new Option(`--no-${flag}`, `not: ${description}`).hideHelp(),
    ];
  }
  if (spec['type'] === 'array') {
    const collect = (text: string, before: string[] | undefined) => [
      ...(before ?? []),
      ...commaSeparated(text),
    ];
    return [new Option(`--${flag} <list>`, description).argParser(collect)];
  }
  const option = new Option(`--${flag} <${String(spec['type'] ?? 'value')}>`, description);
  return [Array.isArray(spec['enum']) ? option.choices(spec['enum'].map(String)) : option];
}

function describeInput(spec: InputSpec): string {
  const text = typeof spec['description'] === 'string' ? spec['description'] : '';
  const initial = spec['default'];
  const shown = initial === undefined || initial === '' || (Array.isArray(initial) && initial.length === 0);
  return shown ? text : `${text} (default: ${Array.isArray(initial) ? initial.join(', ') : String(initial)})`;
}
