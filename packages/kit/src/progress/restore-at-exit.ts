const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Calls back when the process exits or is ended by a signal, and then lets the signal do what it would have done.
 * The answer takes it all back.
 */
export function restoreAtExit(restore: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    forget();
    restore();
    // Somebody who listens too decides how to end; else the signal must still end the process as usual.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const forget = () => {
    process.off('exit', restore);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  process.on('exit', restore);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return forget;
}
