/**
 * Waits for all of them, and then throws what the first one failed with: statements that share a connection must all be over
 * before anybody decides what becomes of their transaction.
 */
export async function together<T extends readonly unknown[]>(
  ...under: { [K in keyof T]: Promise<T[K]> }
): Promise<T> {
  const results = await Promise.allSettled(under);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as unknown as T;
}
