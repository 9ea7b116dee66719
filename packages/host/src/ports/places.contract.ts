import { describe, expect, test } from 'vitest';
import type { Places } from './dispatch.ts';

/** What every kind of places keeps. `open` gives some in which each class has so many. */
export function placesContract(name: string, open: (each: number) => Places): void {
  const never = new AbortController().signal;
  const wish = (run: string, priority = 0, className = 'io') => ({
    class: className,
    priority,
    run,
    step: 'a',
  });

  /** Takes the only place, asks for others, and answers the order in which those are served. */
  async function orderOf(wishes: readonly ReturnType<typeof wish>[]): Promise<string[]> {
    const places = open(1);
    const first = await places.take(wish('first'), never);
    const order: string[] = [];
    const served = wishes.map(async (each, index) => {
      const giveBack = await places.take(each, never);
      order.push(`${each.run}${index}`);
      giveBack?.();
    });
    first?.();
    await Promise.all(served);
    return order;
  }

  describe(`places contract: ${name}`, () => {
    test('a class has a limit of its own [WRK-35]', async () => {
      const places = open(2);
      expect(places.free('io')).toBe(2);
      await places.take(wish('a'), never);
      const giveBack = await places.take(wish('b'), never);
      expect(places.free('io')).toBe(0);
      expect(places.free('llm')).toBe(2);
      await places.take(wish('c', 0, 'llm'), never);
      giveBack?.();
      expect([places.free('io'), places.free('llm')]).toEqual([1, 1]);
    });

    test('a place that is given back twice is one place', async () => {
      const places = open(1);
      const giveBack = await places.take(wish('a'), never);
      giveBack?.();
      giveBack?.();
      expect(places.free('io')).toBe(1);
    });

    test('priority goes first, then runs in turn, then age [WRK-35]', async () => {
      expect(await orderOf([wish('a'), wish('b'), wish('c', 5), wish('d', -1)])).toEqual([
        'c2',
        'a0',
        'b1',
        'd3',
      ]);
      const wide = [wish('a'), wish('a'), wish('a'), wish('b'), wish('b'), wish('c')];
      expect(await orderOf(wide)).toEqual(['a0', 'b3', 'c5', 'a1', 'b4', 'a2']);
    });

    test('what waits of a run can be given another priority, and the line says who is next [WRK-125]', async () => {
      const places = open(1);
      const giveBack = await places.take(wish('first'), never);
      const order: string[] = [];
      const served = ['a', 'b', 'c'].map(async (run) => {
        const back = await places.take({ ...wish(run), step: `of ${run}` }, never);
        order.push(run);
        back?.();
      });
      const [before] = places.figures();
      expect(before).toMatchObject({ class: 'io', places: 1, taken: 1, waiting: 3, begun: 1 });
      expect(before?.line.map(({ run }) => run)).toEqual(['a', 'b', 'c']);
      places.prioritise('c', (step) => (step === 'of c' ? 1 : undefined));
      places.prioritise('b', () => undefined);
      expect(places.figures()[0]?.line[0]).toEqual({ run: 'c', step: 'of c' });
      giveBack?.();
      await Promise.all(served);
      expect(order).toEqual(['c', 'a', 'b']);
      expect(places.figures()[0]).toMatchObject({ taken: 0, waiting: 0, begun: 4, lastMinute: 4, line: [] });
    });

    test('who gives up waiting gets none and leaves none behind', async () => {
      const places = open(1);
      const giveBack = await places.take(wish('a'), never);
      const gone = new AbortController();
      const waiting = places.take(wish('b'), gone.signal);
      gone.abort();
      expect(await waiting).toBeUndefined();
      expect(await places.take(wish('c'), gone.signal)).toBeUndefined();
      giveBack?.();
      expect(places.free('io')).toBe(1);
    });
  });
}
