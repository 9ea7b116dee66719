import { createLog } from '@cadre/kit/log';
import { expect, test } from 'vitest';
import { createCallAlone } from './call-alone.ts';
import { type Script, scriptedGate, succeed, untilStopped } from './testing/scripted-gate.ts';
import { simulatedClock } from './testing/simulated-clock.ts';

function alone(script: Script) {
  const clock = simulatedClock();
  const gate = scriptedGate({ 'sample/a': script });
  const call = createCallAlone({ gate, clock, log: createLog({ level: 'error' }), principal: 'ann' });
  return { clock, gate, call };
}

const waits: Script = { perform: (_call, signal) => untilStopped(signal), traits: { timeoutMs: 2_000 } };

test('an action that is called by itself is stopped after the time limit of its manifest', async () => {
  const { clock, gate, call } = alone(waits);
  const calling = call('sample/a', {});
  await clock.advance(1_999);
  expect(gate.underWay()).toBe(1);
  await clock.advance(1);
  expect(await calling).toMatchObject({
    ok: false,
    failure: { code: 'timed_out', message: 'sample/a was stopped: it took longer than 2s' },
  });
});

test('what succeeded when it was told to stop counts as what it is', async () => {
  const { clock, call } = alone({
    ...waits,
    perform: (_call, signal) => untilStopped(signal).then(() => succeed('done')),
  });
  const calling = call('sample/a', {});
  await clock.advance(2_000);
  expect(await calling).toEqual({ ok: true, output: 'done' });
});

test('whoever stops it sooner has not met the limit, and an action without one has none', async () => {
  const { clock, call } = alone(waits);
  const person = new AbortController();
  const calling = call('sample/a', {}, { signal: person.signal });
  await clock.advance(1_000);
  person.abort('SIGINT');
  expect(await calling).toMatchObject({ failure: { code: 'cancelled' } });

  const endless = alone({ ...waits, traits: {} });
  const later = new AbortController();
  const whole = endless.call('sample/a', {}, { signal: later.signal });
  await endless.clock.advance(3_600_000);
  expect(endless.gate.underWay()).toBe(1);
  later.abort('SIGINT');
  expect(await whole).toMatchObject({ failure: { code: 'cancelled' } });
});
