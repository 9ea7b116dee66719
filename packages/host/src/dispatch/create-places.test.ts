import { expect, test } from 'vitest';
import { placesContract } from '../ports/places.contract.ts';
import { createPlaces } from './create-places.ts';

placesContract('in this process', (each) => createPlaces(() => each));

test('a run that wants very much is served as quickly as one that wants little', async () => {
  const places = createPlaces(() => 1);
  const never = new AbortController().signal;
  const first = await places.take({ class: 'io', priority: 0, run: 'first', step: 'a' }, never);
  const served: string[] = [];
  const waiting = Array.from({ length: 2_000 }, async (_, index) => {
    const giveBack = await places.take(
      { class: 'io', priority: 0, run: `wide${index % 10}`, step: 'a' },
      never,
    );
    served.push(`wide${index % 10}`);
    giveBack?.();
  });
  const late = places.take({ class: 'io', priority: 0, run: 'late', step: 'a' }, never).then((giveBack) => {
    expect(served.length).toBeLessThanOrEqual(10);
    giveBack?.();
  });
  first?.();
  await Promise.all([...waiting, late]);
});
