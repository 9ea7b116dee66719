import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { CallStreams } from './call-streams.ts';
import { ActionError } from './failure.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { CHUNK, isStreamHandle, type StreamHandle } from './stream-handle.ts';

/**
 * Sends the files that an output names (`format: artifact`), and puts their handles in place of the paths. It is done in here,
 * where nothing can be read but what the action itself could read, and through the pipes that are there.
 */
export async function keepFiles(
  output: JsonValue,
  /** By the name in the output: what is in it. */
  files: Readonly<Record<string, string>>,
  write: CallStreams['write'],
): Promise<JsonValue> {
  const names = Object.keys(files);
  if (names.length === 0 || typeof output !== 'object' || output === null || Array.isArray(output)) {
    return output;
  }
  const kept: Record<string, JsonValue> = { ...(output as JsonObject) };
  for (const name of names) {
    const given = kept[name];
    // A stream may stand there as well as a file.
    if (given === undefined || given === null || isStreamHandle(given)) continue;
    if (typeof given !== 'string') throw noFile(name, 'it is no path');
    kept[name] = { ...(await keepFile(name, given, files[name] ?? '', write)) };
  }
  return kept;
}

async function keepFile(
  name: string,
  path: string,
  contentType: string,
  write: CallStreams['write'],
): Promise<StreamHandle> {
  // Without waiting for whoever would write into a pipe of that name.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: Error) => {
    throw noFile(name, error.message);
  });
  try {
    if (!(await file.stat()).isFile()) throw noFile(name, `${path} is no file`);
    const stream = await write({ contentType });
    // Whoever sends is done with a chunk before the next one is read.
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return await stream.close();
      await stream.write(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function noFile(name: string, reason: string): ActionError {
  return new ActionError('invalid_output', `the output ${name} is to be the path of a file: ${reason}`, {
    hint: 'write the file into a folder of `context.tempDir()`, and give its path',
  });
}
