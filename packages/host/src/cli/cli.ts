import { Command, type CommanderError } from 'commander';
import type { CommandEntry } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, exitCodeOfError } from './exit.ts';
import type { Io } from './io.ts';
import { createOutput, type GlobalOptions, printError } from './output.ts';
import { VERSION } from './version.ts';

/** Runs one command line and answers its exit code. Never throws. */
export async function cli(argv: readonly string[], io: Io): Promise<number> {
  const invoked: { code: number; options: GlobalOptions } = { code: EXIT.ok, options: {} };
  const program = buildProgram(argv, io, invoked);
  // A closed pipe (`cadre runs | head`) is not a failure of ours.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
  });
  try {
    if (argv.length === 0) return await startGuide(program, io);
    await program.parseAsync(argv as string[], { from: 'user' });
    return invoked.code;
  } catch (error) {
    if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const options = { ...invoked.options, json: invoked.options.json === true || argv.includes('--json') };
    printError(error, io, options);
    return exitCodeOfError(error);
  }
}

/** By its code and not by its class: the commands that are loaded late bring a copy of the library. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Somebody who does not know what to type is led; a script that types nothing gets the help. */
async function startGuide(program: Command, io: Io): Promise<number> {
  if (!io.interactive) {
    program.outputHelp();
    return EXIT.ok;
  }
  const { guide } = await import('./commands/guide.ts');
  return guide({
    io,
    output: createOutput(io, {}),
    global: {},
    arguments: [],
    options: {},
    commands: COMMANDS,
  });
}

function buildProgram(
  argv: readonly string[],
  io: Io,
  invoked: { code: number; options: GlobalOptions },
): Command {
  const program = new Command('cadre');
  program
    .description("Cadre runs a team's routine work: durably, under permission, in sandboxes.")
    .version(VERSION, '-V, --version', 'print the version')
    .option('--json', 'print one JSON document and nothing else')
    .option('-q, --quiet', 'no progress and no remarks')
    .option('-v, --verbose', 'say more, with stack traces')
    .option('--no-color', 'no colours')
    .option('-C, --workspace <folder>', 'the workspace (default: the repository around the current folder)')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .exitOverride()
    .addHelpText('after', '\nStart with: cadre run hygiene, or cadre alone for a guide.');
  // The one that is meant is all that it takes; to build every one takes as long as many a command does its work.
  const meant = COMMANDS.find((entry) => entry.name === firstWord(argv));
  for (const entry of meant === undefined ? COMMANDS : [meant]) addCommand(program, entry, io, invoked);
  return program;
}

/** What stands where a command does: the first word that is neither an option nor the folder of `-C`. */
function firstWord(argv: readonly string[]): string | undefined {
  return argv.find(
    (word, at) => !word.startsWith('-') && !['-C', '--workspace'].includes(argv[at - 1] ?? ''),
  );
}

function addCommand(
  parent: Command,
  entry: CommandEntry,
  io: Io,
  invoked: { code: number; options: GlobalOptions },
): void {
  const command = parent.command(entry.name, { hidden: entry.hidden === true }).description(entry.summary);
  command.exitOverride().showSuggestionAfterError(true);
  addGlobalOptions(command, entry);
  for (const [flags, description] of entry.options ?? []) command.option(flags, description);
  for (const child of entry.commands ?? []) addCommand(command, child, io, invoked);
  const examples = (entry.examples ?? []).map((example) => `  ${example}`);
  if (examples.length > 0) command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  if (entry.passThrough === true) {
    // The workflow's own options are known only when its file has been read, so the command parses them itself.
    command.allowUnknownOption().allowExcessArguments().helpOption(false).passThroughOptions();
    command.usage(`${(entry.arguments ?? []).map(([notation]) => notation).join(' ')} [options]`);
    command.argument('[rest...]');
  } else {
    for (const [notation, description] of entry.arguments ?? []) command.argument(notation, description);
  }
  const { load } = entry;
  if (load === undefined) return;
  command.action(async (...given: unknown[]) => {
    const positional = given
      .slice(0, -2)
      .flat()
      .filter((value): value is string => typeof value === 'string');
    const options = command.optsWithGlobals() as GlobalOptions & Record<string, unknown>;
    invoked.options = options;
    const handler = await load();
    invoked.code = await handler({
      io,
      output: createOutput(io, options),
      global: options,
      arguments: positional,
      options,
      commands: COMMANDS,
    });
  });
}

/** The global options may stand before or after a command's name. */
function addGlobalOptions(command: Command, entry: CommandEntry): void {
  if (entry.passThrough === true || entry.load === undefined) return;
  command
    .option('--json', 'print one JSON document and nothing else')
    .option('-q, --quiet', 'no progress and no remarks')
    .option('-v, --verbose', 'say more, with stack traces')
    .option('--no-color', 'no colours')
    .option('-C, --workspace <folder>', 'the workspace (default: the repository around the current folder)');
}
