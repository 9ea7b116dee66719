import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { WaitingJobs } from '../ports/dispatch.ts';
import {
  CALL_BOUNDS_MS,
  type ClassFigures,
  type PoolFigures,
  type ProcessFigures,
} from '../ports/figures.ts';
import type { Quarantine } from '../ports/pool-store.ts';
import type { RunCount } from '../ports/upkeep.ts';
import { workerStates } from '../upkeep/worker-states.ts';

/** What the metrics are made of; none of it looks at runs. */
export interface MetricSources {
  readonly now: () => number;
  readonly figures: () => Promise<readonly ProcessFigures[]>;
  readonly quarantines: () => Promise<readonly Quarantine[]>;
  /** Kept by the store as runs change. */
  readonly counts: () => Promise<readonly RunCount[]>;
  /** Of a store that many processes share. */
  readonly queue?: () => Promise<readonly WaitingJobs[]>;
}

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** In the text format of Prometheus. Made anew for each question, so that no label outlives what it names. */
export async function metricsText(sources: MetricSources): Promise<string> {
  const [processes, quarantines, counts, queue = []] = await Promise.all([
    sources.figures(),
    sources.quarantines(),
    sources.counts(),
    sources.queue?.(),
  ]);
  const registry = new Registry();
  const now = sources.now();
  runs(registry, counts);
  classes(registry, processes, now);
  pools(registry, processes, now);
  use(registry, processes);
  states(registry, processes, quarantines);
  edge(registry, processes);
  gauge(
    registry,
    'cadre_worker_quarantined',
    'Workers of which no process is started before they are cleared',
    quarantines.map(({ worker }) => [{ worker }, 1]),
  );
  gauge(
    registry,
    'cadre_queue_waiting',
    'Attempts that wait for any process, by class',
    queue.map((one) => [{ class: one.class }, one.waiting]),
  );
  gauge(
    registry,
    'cadre_queue_oldest_seconds',
    'How long the oldest of them has waited',
    queue.map((one) => [{ class: one.class }, ageOf(one.oldest, now)]),
  );
  return registry.metrics();
}

function runs(registry: Registry, counts: readonly RunCount[]): void {
  const sums = new Map<string, Sample>();
  for (const { mode, status, runs: some } of counts) {
    const [, before] = sums.get(`${mode} ${status}`) ?? [undefined, 0];
    sums.set(`${mode} ${status}`, [{ mode, status }, before + some]);
  }
  gauge(registry, 'cadre_runs', 'Runs that are kept, by mode and status', [...sums.values()]);
}

function classes(registry: Registry, processes: readonly ProcessFigures[], now: number): void {
  const each = (value: (figures: ClassFigures) => number): Sample[] =>
    processes.flatMap((one) =>
      one.classes.map((figures): Sample => [{ process: nameOf(one), class: figures.class }, value(figures)]),
    );
  const of = (name: string, help: string, value: (figures: ClassFigures) => number) =>
    gauge(registry, `cadre_class_${name}`, help, each(value));
  of('places', 'Attempts of a class that a process performs at once', ({ places }) => places);
  of('taken', 'Places that are taken', ({ taken }) => taken);
  of('waiting', 'Attempts that wait in a process for a place', ({ waiting }) => waiting);
  of('oldest_seconds', 'How long the oldest of them has waited', ({ oldest }) => ageOf(oldest, now));
  counter(
    registry,
    'cadre_class_begun_total',
    'Attempts that got a place',
    each(({ begun }) => begun),
  );
}

function pools(registry: Registry, processes: readonly ProcessFigures[], now: number): void {
  const all = processes.flatMap((one) =>
    one.pools.map((pool) => ({ pool, labels: { process: nameOf(one), worker: pool.worker } })),
  );
  const each = (value: (pool: PoolFigures) => number, more: Labels = {}): Sample[] =>
    all.map(({ pool, labels }) => [{ ...labels, ...more }, value(pool)]);
  gauge(registry, 'cadre_worker_processes', 'Processes of a worker', [
    ...each(({ idle }) => idle, { state: 'idle' }),
    ...each(({ processes: some, idle }) => some - idle, { state: 'busy' }),
  ]);
  gauge(
    registry,
    'cadre_worker_calls',
    'Calls that are under way',
    each(({ calls }) => calls),
  );
  gauge(
    registry,
    'cadre_worker_waiting',
    'Calls that wait for a process, by lane',
    (['high', 'normal', 'low'] as const).flatMap((lane) => each(({ waiting }) => waiting[lane], { lane })),
  );
  gauge(
    registry,
    'cadre_worker_oldest_seconds',
    'How long the oldest of them has waited',
    each(({ oldest }) => ageOf(oldest, now)),
  );
  counter(registry, 'cadre_worker_calls_total', 'Calls that are over, by outcome', [
    ...each(({ performed, failed }) => performed - failed, { outcome: 'succeeded' }),
    ...each(({ failed }) => failed, { outcome: 'failed' }),
  ]);
  counter(
    registry,
    'cadre_worker_starts_total',
    'Processes that were started',
    each(({ starts }) => starts),
  );
  counter(
    registry,
    'cadre_worker_restarts_total',
    'Processes that were started in place of one that had ended by itself',
    each(({ restarts }) => restarts),
  );
}

/** What the system shows of the processes of workers, and how long their calls took. */
function use(registry: Registry, processes: readonly ProcessFigures[]): void {
  const all = processes.flatMap((one) =>
    one.pools.map((pool) => ({ pool, labels: { process: nameOf(one), worker: pool.worker } })),
  );
  const each = (value: (pool: PoolFigures) => number | undefined): Sample[] =>
    all.flatMap(({ pool, labels }) => {
      const found = value(pool);
      return found === undefined ? [] : [[labels, found]];
    });
  const of = (name: string, help: string, value: (pool: PoolFigures) => number | undefined) =>
    gauge(registry, `cadre_worker_${name}`, help, each(value));
  of('memory_bytes', 'Memory that the processes of a worker use', ({ usage }) => usage?.memoryBytes);
  of('memory_peak_bytes', 'The most that one of them has used', ({ usage }) => usage?.peakBytes);
  of(
    'started_seconds',
    'When the newest of them was started',
    ({ started }) => started && started.at / 1_000,
  );
  of(
    'ready_seconds',
    'How long it took until it was ready',
    ({ started }) => started && started.readyMs / 1_000,
  );
  counter(
    registry,
    'cadre_worker_cpu_seconds_total',
    'Processor time that they have used',
    each(({ usage }) => usage && usage.cpuMs / 1_000),
  );
  const timed = all.flatMap(({ pool: { times }, labels }) =>
    times === undefined ? [] : [{ times, labels }],
  );
  if (timed.length > 0) registry.registerMetric(durations(timed));
}

/** What the library would count itself was counted elsewhere. */
function durations(
  timed: readonly { readonly labels: Labels; readonly times: NonNullable<PoolFigures['times']> }[],
): Histogram {
  const name = 'cadre_worker_call_seconds';
  const help = 'How long calls took, with what they waited for a process that was starting';
  const histogram = new Histogram({ name, help, labelNames: ['process', 'worker'], registers: [] });
  const values = timed.flatMap(({ labels, times: { counts, sumMs } }) => {
    let sum = 0;
    const bounds = [...CALL_BOUNDS_MS.map((bound) => bound / 1_000), '+Inf'];
    const buckets = bounds.map((le, slot) => {
      sum += counts[slot] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
      { metricName: `${name}_count`, labels, value: sum },
    ];
  });
  const get = async () => ({ name, help, type: 'histogram', values, aggregator: 'sum' });
  // The registry asks a histogram by the second one.
  return Object.assign(histogram, { get, getForPromString: get });
}

function states(
  registry: Registry,
  processes: readonly ProcessFigures[],
  quarantines: readonly Quarantine[],
): void {
  const named = processes.flatMap(({ pools: some }) => some.map(({ worker }) => worker));
  const workers = [...new Set([...named, ...quarantines.map(({ worker }) => worker)])];
  const all = workerStates(workers, processes, quarantines);
  gauge(
    registry,
    'cadre_worker_state',
    '1 for the state that a worker is in',
    all.flatMap(({ worker, status }) =>
      (['ok', 'degraded', 'quarantined'] as const).map(
        (state): Sample => [{ worker, state }, status === state ? 1 : 0],
      ),
    ),
  );
  gauge(
    registry,
    'cadre_worker_recent_faults',
    'Of the last calls of a worker, those that ended by its own fault',
    all.map(({ worker, faults }) => [{ worker }, faults]),
  );
  gauge(
    registry,
    'cadre_worker_allowed_faults',
    'How many of them may, before it is degraded',
    all.map(({ worker, allowed }) => [{ worker }, allowed]),
  );
}

function edge(registry: Registry, processes: readonly ProcessFigures[]): void {
  const edges = processes.flatMap((one) =>
    one.edge === undefined ? [] : [{ labels: { process: nameOf(one) }, figures: one.edge }],
  );
  gauge(
    registry,
    'cadre_http_in_flight',
    'Requests that are being answered',
    edges.map(({ labels, figures }) => [labels, figures.inFlight]),
  );
  gauge(
    registry,
    'cadre_event_loop_delay_seconds',
    'How late the process is with what it has to do',
    edges.map(({ labels, figures }) => [labels, figures.delayMs / 1_000]),
  );
  counter(
    registry,
    'cadre_http_accepted_total',
    'Requests for new work that were let in',
    edges.map(({ labels, figures }) => [labels, figures.accepted]),
  );
  counter(
    registry,
    'cadre_http_refused_total',
    'Requests for new work that were too much, by reason',
    edges.flatMap(({ labels, figures }) =>
      Object.entries(figures.refused).map(([reason, count]): Sample => [{ ...labels, reason }, count]),
    ),
  );
}

/** Without samples there is no metric: one without labels would be said to be 0. */
function gauge(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  const metric = new Gauge({ name, help, labelNames: labelNames(samples), registers: [registry] });
  for (const [labels, value] of samples) metric.set(labels, value);
}

function counter(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  const metric = new Counter({ name, help, labelNames: labelNames(samples), registers: [registry] });
  for (const [labels, value] of samples) metric.inc(labels, value);
}

function labelNames(samples: readonly Sample[]): string[] {
  return Object.keys(samples[0]?.[0] ?? {});
}

function nameOf({ host, pid }: ProcessFigures): string {
  return `${host}:${pid}`;
}

function ageOf(oldest: number | undefined, now: number): number {
  return oldest === undefined ? 0 : Math.max(0, now - oldest) / 1_000;
}
