import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ActionContext } from '@cadre/sdk';
import type { ProgramEnd } from './hook.ts';
import type { Scratch } from './snapshot/scratch.ts';

/** Far below what systems permit for arguments and environment together. */
const MAX_ARGUMENT_BYTES = 100_000;
/** Fewer files are not worth a process of their own. */
const LEAST_FILES = 4;

export interface ProgramCall {
  readonly command: readonly string[];
  /** Appended to the command; undefined: the command runs once, without any. */
  readonly paths: readonly string[] | undefined;
  /** One process at a time. */
  readonly serial: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Relative to the tree. */
  readonly cwd?: string;
}

/** Runs a program over files, as few processes as the length of a command line permits. The worst exit code counts. */
export async function runProgram(
  context: ActionContext,
  scratch: Scratch,
  call: ProgramCall,
): Promise<ProgramEnd> {
  const [program = '', ...fixed] = call.command;
  const batches = call.paths === undefined ? [[]] : batchesOf(call.paths, call.serial);
  const cwd = join(scratch.root, call.cwd ?? '.');
  const path = program.includes('/') && !isAbsolute(program) ? join(cwd, program) : program;
  const run = async (batch: readonly string[]): Promise<ProgramEnd> => {
    const { code, stdout, stderr } = await context.exec(path, [...fixed, ...batch], {
      cwd,
      env: { ...scratch.env, ...call.env },
    });
    return { code, output: stdout + stderr };
  };
  const ends: ProgramEnd[] = [];
  if (call.serial) for (const batch of batches) ends.push(await run(batch));
  else ends.push(...(await Promise.all(batches.map(run))));
  return {
    code: Math.max(0, ...ends.map(({ code }) => code)),
    output: ends.map(({ output }) => output).join(''),
  };
}

function batchesOf(paths: readonly string[], serial: boolean): readonly string[][] {
  const share = Math.ceil(paths.length / availableParallelism());
  const most = serial ? paths.length : Math.max(LEAST_FILES, share);
  const batches: string[][] = [];
  let bytes = 0;
  for (const path of paths) {
    const length = Buffer.byteLength(path) + 1;
    const last = batches.at(-1);
    if (last === undefined || last.length >= most || bytes + length > MAX_ARGUMENT_BYTES) {
      batches.push([path]);
      bytes = length;
    } else {
      last.push(path);
      bytes += length;
    }
  }
  return batches;
}
