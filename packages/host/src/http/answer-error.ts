import { ERROR_CODES, isCadreError } from '@cadre/core';

/** A refusal with its code, status and hint; of a fault of the program nothing but that there is one. */
export function answerError(error: unknown, failed: (error: unknown) => void): Response {
  if (!isCadreError(error)) {
    failed(error);
    return answer(500, { code: 'internal', message: 'this is a fault in Cadre; its log says more' }, {});
  }
  const { code, message, hint, details } = error;
  const { status } = ERROR_CODES[code] ?? { status: 500 };
  const retryAfter = (details as { retryAfterSeconds?: number } | undefined)?.retryAfterSeconds;
  return answer(
    status,
    { code, message, ...(hint === undefined ? {} : { hint }) },
    {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      // What was not read of a body would be taken for the next request.
      ...(code === 'too_large' ? { connection: 'close' } : {}),
    },
  );
}

function answer(status: number, error: object, headers: Record<string, string>): Response {
  return Response.json({ error }, { status, headers });
}
