import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GateFixture, gateFixture, TOKEN } from '../../test/gate-fixture.ts';
import { describeSandboxed } from '../../test/sandboxed.ts';
import { MOST_REFUSALS } from './within-refusals.ts';

let fixture: GateFixture;
beforeEach(async () => {
  fixture = await gateFixture('crowd');
});
afterEach(() => fixture.remove());

const MORE = MOST_REFUSALS + 500;

/** What else is recorded of a call: that it began and how it ended, and that there is no end of it. */
const BESIDES = 5;

describeSandboxed('a call that is refused on and on', () => {
  test.each([
    'secret',
    'host',
    'nowhere',
    'pattern',
    'call',
  ])('[WRK-22] fills the record no further when it asks for everything at once: %s', async (what) => {
    const { outcome } = await fixture.perform(fixture.newGate(), 'crowd/ask', { what, times: MORE });
    expect(outcome).toMatchObject({
      ok: true,
      output: {
        'this call asks for more at once than can be answered: at mos': MORE - MOST_REFUSALS,
      },
    });
    const audited = await fixture.audited();
    expect(audited.length).toBeGreaterThan(MOST_REFUSALS);
    expect(audited.length).toBeLessThan(MOST_REFUSALS + BESIDES);
    expect(audited.filter(({ target }) => target === 'everything else')).toHaveLength(2);
  });

  test.each(['secret', 'nowhere'])('is refused everything in the end: %s', async (what) => {
    const input = { what, times: MOST_REFUSALS + 20, together: false };
    const { outcome } = await fixture.perform(fixture.newGate(), 'crowd/ask', input);
    expect(outcome).toMatchObject({
      ok: true,
      output: { 'this call was refused 1000 times, and is refused everything ': 20 },
    });
    expect((await fixture.audited()).length).toBeLessThan(MOST_REFUSALS + BESIDES);
  });

  test('[WRK-17] has no more refusals when it has others called that ask', async () => {
    const input = { calls: 4, what: 'secret', times: 400 };
    await fixture.perform(fixture.newGate(), 'crowd/each', input);
    const refused = (await fixture.audited()).filter(({ target }) => target === 'NOBODY_HAS_IT');
    expect(refused).toHaveLength(MOST_REFUSALS);
  });

  test.each(['long', 'long-address'])('writes no long stories into the record: %s', async (what) => {
    await fixture.perform(fixture.newGate(), 'crowd/ask', { what, times: 1 });
    const asked = (await fixture.audited()).filter(({ operation }) => operation !== 'call');
    expect(asked).toHaveLength(1);
    expect(JSON.stringify(asked).length).toBeLessThan(5_000);
  });
});

describeSandboxed('a secret whose value is asked for as a name', () => {
  test('[WRK-22] does not stand in the record', async () => {
    fixture.answers.push('run');
    const { outcome } = await fixture.perform(fixture.newGate(), 'crowd/name');
    expect(outcome.ok).toBe(true);
    const audited = await fixture.audited();
    expect(audited.filter(({ operation }) => operation === 'secret')).toHaveLength(2);
    expect(JSON.stringify([outcome, audited, fixture.logs])).not.toContain(TOKEN);
  });
});
