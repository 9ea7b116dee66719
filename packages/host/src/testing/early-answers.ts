import type { Store } from '../ports/store.ts';

const LATE_MS = 10;

/** A store as it must not be: it says that an append is written, and writes it a little later. It reads what it wrote. */
export function earlyAnswers(store: Store): Store {
  const { runs } = store;
  let writing: Promise<unknown> = Promise.resolve();
  const append: typeof runs.append = async (run, expected, events, fence) => {
    const late = new Promise((resolve) => setTimeout(resolve, LATE_MS));
    writing = Promise.all([writing, late]).then(() => runs.append(run, expected, events, fence));
    return { ok: true, number: expected + events.length };
  };
  const readEvents: typeof runs.readEvents = async (...given) => {
    await writing;
    return runs.readEvents(...given);
  };
  const close = async () => {
    await writing;
    await store.close();
  };
  return { ...store, close, runs: { ...runs, append, readEvents } };
}
