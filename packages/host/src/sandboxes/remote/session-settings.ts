import type { ClientHttp2Session, Http2Session } from 'node:http2';

/** Of what is on its way in one direction, in all streams together and in one. */
const WINDOW = 8 * 1024 * 1024;
const STREAM_WINDOW = 1024 * 1024;

/** For both sides. Half a dozen streams a process, and one for each connection of its programs. */
export const SESSION_SETTINGS = {
  maxSessionMemory: 256,
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxConcurrentStreams: 4_096 },
} as const;

export function widen(session: Http2Session | ClientHttp2Session): void {
  // It may be over before it has begun.
  if (!session.destroyed) session.setLocalWindowSize(WINDOW);
}

export interface PingTimes {
  readonly everyMs: number;
  /** After so long without an answer there is nobody any more. */
  readonly deadlineMs: number;
}

export const PING_TIMES: PingTimes = { everyMs: 5_000, deadlineMs: 20_000 };

/**
 * Asks again and again whether the other side is there, and tells once when it is not: a network may be gone without anybody being told.
 */
export function watchSession(session: Http2Session, times: PingTimes, silent: () => void): void {
  let late: NodeJS.Timeout | undefined;
  const ask = () => {
    if (late !== undefined || session.destroyed) return;
    late = setTimeout(silent, times.deadlineMs);
    late.unref();
    const answered = () => {
      clearTimeout(late);
      late = undefined;
    };
    session.ping((error) => error === null && answered());
  };
  const timer = setInterval(ask, times.everyMs);
  timer.unref();
  session.once('close', () => {
    clearInterval(timer);
    clearTimeout(late);
  });
}
