import { cli } from './cli/cli.ts';
import { processIo } from './cli/io.ts';

process.exitCode = await cli(process.argv.slice(2), processIo());
