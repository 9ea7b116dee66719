import { KitError } from '../error.ts';
import type { Position } from './position.ts';

/** A file that cannot be understood at all. It is left as it is. */
export function corruptConfig(path: string, position: Position, reason: string, cause?: unknown): KitError {
  const { line, column } = position;
  return new KitError('config_corrupt', `${path}:${line}:${column}: ${reason}`, {
    hint: 'mend the file by hand; it was not touched',
    details: { path, line, column },
    cause,
  });
}
