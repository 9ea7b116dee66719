import { ERROR_CODES, type ErrorCode, plainText } from '@cadre/core';
import { type Failure, failure } from '@cadre/sdk';
import type { z } from 'zod';
import type { ByteReader } from './byte-reader.ts';
import { ChangedMeanwhile } from './exchange-changes.ts';
import { RefusalShape, type Refused } from './remote-protocol.ts';

/** The other side said why it will not. */
export class RefusedThere extends Error {
  readonly refused: Refused;
  constructor(refused: Refused) {
    super(refused.message);
    this.refused = refused;
  }
}

/** One answer of the other side, which is not trusted: what does not fit is thrown. */
export async function heardAnswer<T>(reader: ByteReader, shape: z.ZodType<T>, mostBytes: number): Promise<T> {
  const value: unknown = JSON.parse(await reader.line(mostBytes));
  const refusal = RefusalShape.safeParse(value);
  if (refusal.success) throw new RefusedThere(refusal.data.refused);
  return shape.parse(value);
}

const FAILURES = new Set(['not_carried', 'too_large', 'disk_full']);

/** What went wrong on the way to the other machine or there, as data; what comes from there is shown without its controls. */
export function failureThere(error: unknown, lost: string | undefined): Failure {
  if (lost !== undefined) return failure('worker_died', lost, { retryable: true });
  if (error instanceof ChangedMeanwhile)
    return failure('changed_meanwhile', error.message, { retryable: true });
  if (error instanceof RefusedThere) {
    const { code, message, hint } = error.refused;
    const known = FAILURES.has(code) || code in ERROR_CODES;
    return failure(known ? code : 'remote_fault', `the sandbox host refused: ${plainText(message)}`, {
      ...(hint === undefined ? {} : { hint: plainText(hint) }),
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return failure(
    'remote_fault',
    `the sandbox host answered what does not fit: ${plainText(reason.slice(0, 500))}`,
    {
      hint: 'what it sent was not used; look after that machine',
    },
  );
}

/** The code for what is thrown to whoever wanted to start something. */
export function refusalCode({ code }: Failure): ErrorCode {
  if (code === 'worker_died') return 'remote_unreachable';
  return code in ERROR_CODES ? (code as ErrorCode) : 'no_sandbox';
}
