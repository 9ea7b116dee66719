import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lacksPostgres, type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { type Journal, journalText } from './journal-text.ts';
import { type OpenPlay, openPlay } from './open-play.ts';
import { playCase } from './play-case.ts';
import { readCases } from './read-cases.ts';
import type { Stage } from './stage.ts';

/**
 * What the workflow language means: each case is a workflow, what people do with it, and the journal that follows. They
 * were looked through by hand; `node packages/host/test/conformance/record.ts` writes them anew, to be looked through again.
 */
const cases = readCases();

/** The expected journal, or how it would read by step. */
function expected(path: string, loose: boolean): string {
  const text = readFileSync(path, 'utf8');
  return loose ? bySteps(text) : text;
}

/** The same lines by step, each step's own in their order; what stands in the line `run.…` is the step ''. */
function bySteps(text: string): string {
  const sections = text.split(/(?=^== )/m);
  return sections
    .map((section) => {
      const [title = '', ...lines] = section.trimEnd().split('\n');
      const stepOf = (line: string) => /^step\.\S+ ([^{\s]\S*)/.exec(line)?.[1] ?? '';
      const order = (a: string, b: string) => (stepOf(a) < stepOf(b) ? -1 : stepOf(a) > stepOf(b) ? 1 : 0);
      return [title, ...lines.sort(order), ''].join('\n');
    })
    .join('\n');
}

/** Every attempt stood in the journal first, was performed once, and had the key of its step. */
function expectAccounted(journals: readonly Journal[], { calls }: Stage): void {
  for (const { run, events } of journals) {
    const started = events.flatMap((event) =>
      event.type === 'step.started' ? [`${event.step} ${event.attempt}`] : [],
    );
    const performed = calls.filter((call) => call.run === run);
    const keys = performed.map(({ step, attempt }) => `${step} ${attempt}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => !started.includes(key))).toEqual([]);
    const ofSteps = new Set(performed.map(({ step, idempotencyKey }) => `${step} ${idempotencyKey}`));
    expect(ofSteps.size).toBe(new Set(performed.map(({ step }) => step)).size);
    expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  }
}

describe('every kind of step means the same [WRK-30] [WRK-32] [WRK-33] [WRK-34] [WRK-36]', () => {
  describe('on SQLite', () => {
    test.each(cases)('$name', async (given) => {
      const play = await openPlay([given]);
      try {
        const journals = await playCase(play, given);
        expect(journalText(journals, given.story)).toBe(expected(given.expected, false));
        expectAccounted(journals, play.stage);
      } finally {
        await play.world.close();
      }
    });
  });

  describe.skipIf(lacksPostgres())('on PostgreSQL, where two processes share the work', () => {
    let server: PostgresServer;
    let play: OpenPlay;
    beforeAll(async () => {
      server = await startPostgres();
      play = await openPlay(cases, { url: server.url, many: 2 });
    });
    afterAll(async () => {
      await play?.world.close();
      await server?.close();
    });

    test.concurrent.each(cases)('$name', async (given) => {
      const journals = await playCase(play, given);
      const { atOnce } = given.story;
      expect(journalText(journals, given.story, atOnce)).toBe(expected(given.expected, atOnce));
      expectAccounted(journals, play.stage);
    }, 120_000);
  });
});
