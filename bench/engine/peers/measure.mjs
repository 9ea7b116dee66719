/**
 * The same two measurements for every engine.
 * throughput: `runs` workflows of five steps, `inFlight` at once. latency: one workflow of one, then of three steps, in sequence.
 */
export const RUNS = Number(process.env.RUNS ?? 500);
export const IN_FLIGHT = Number(process.env.IN_FLIGHT ?? 50);
const SINGLE = Number(process.env.SINGLE ?? 200);

const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * q)];
const round = (number) => Number(number.toFixed(2));

async function latencies(count, run) {
  const found = [];
  for (let index = 0; index < count; index += 1) {
    const start = performance.now();
    await run(index);
    found.push(performance.now() - start);
  }
  return { p50: round(quantile(found, 0.5)), p99: round(quantile(found, 0.99)) };
}

/** `start(steps, id)` resolves when a workflow of so many steps is durably over. */
export async function measure(engine, start) {
  for (let index = 0; index < 20; index += 1) await start(5, `warm-${index}`);
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < RUNS) await start(5, `run-${next++}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - began) / 1000;
  const one = await latencies(SINGLE, (index) => start(1, `one-${index}`));
  const three = await latencies(SINGLE, (index) => start(3, `three-${index}`));
  const result = {
    engine,
    node: process.version,
    runs: RUNS,
    runsPerSecond: Math.round(RUNS / seconds),
    one,
    three,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
