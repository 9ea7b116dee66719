/**
 * Bytes that an action has written or is to read: they stand in no JSON, only this does. It may be put anywhere into an output;
 * an action that finds it in its input may read it.
 */
export interface StreamHandle {
  readonly $stream: string;
  /** Such as `image/png`. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** Of all of them, in hexadecimal digits. */
  readonly sha256: string;
  /** Of a lossy stream: how many frames were dropped because whoever kept it was too slow. */
  readonly dropped?: number;
}

export function isStreamHandle(value: unknown): value is StreamHandle {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as StreamHandle).$stream === 'string' &&
    typeof (value as StreamHandle).sha256 === 'string'
  );
}

export interface StreamOptions {
  readonly contentType: string;
  /**
   * Whoever keeps it may be too slow, and must not slow down whoever writes: the oldest of what waits is dropped, a whole
   * `write` at a time, and counted.
   */
  readonly lossy?: boolean;
  /**
   * `false`: only for further steps of this run, on this machine; gone when the run is over. Otherwise it is kept like any other
   * result, as soon as its handle stands in one.
   */
  readonly keep?: boolean;
}

/** How much may be under way before whoever sends has to wait (bytes): in each stream, and of partial results in each call. */
export const CREDIT = 1024 * 1024;
/** The most that is sent at once. */
export const CHUNK = 64 * 1024;
/** Streams that one call has open at once. */
export const MOST_STREAMS = 16;
