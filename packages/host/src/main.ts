import { cli } from './cli/cli.ts';
import { exitCodeOfError } from './cli/exit.ts';
import { processIo } from './cli/io.ts';
import { printError } from './cli/output.ts';

const io = processIo();

// What fails beside the command's own line (a store that cannot grow while a run is given back) is told as clearly.
process.on('unhandledRejection', (error) => {
  printError(error, io, {});
  process.exit(exitCodeOfError(error));
});

process.exitCode = await cli(process.argv.slice(2), io);
