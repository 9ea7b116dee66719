import { expect, test } from 'vitest';
import type { ProcessFigures } from '../ports/figures.ts';
import { type MetricSources, metricsText } from './metrics.ts';

const NOW = 1_700_000_000_000;

const told: ProcessFigures = {
  process: 'process_1',
  host: 'here',
  pid: 7,
  at: NOW,
  classes: [
    {
      class: 'io',
      places: 32,
      taken: 32,
      waiting: 3,
      oldest: NOW - 2_500,
      begun: 90,
      lastMinute: 9,
      line: [],
    },
    { class: 'our "own"\n', places: 1, taken: 0, waiting: 0, begun: 0, lastMinute: 0, line: [] },
  ],
  pools: [
    {
      worker: 'code',
      processes: 3,
      idle: 1,
      calls: 5,
      waiting: { high: 1, normal: 2, low: 0 },
      oldest: NOW - 1_000,
      performed: 10,
      lastMinute: 4,
      failed: 2,
      starts: 4,
      restarts: 1,
      started: { at: NOW - 4_000, readyMs: 250 },
      usage: { memoryBytes: 50_000_000, peakBytes: 30_000_000, cpuMs: 1_500 },
      times: { sumMs: 1_730, counts: [0, 0, 4, 5, 0, 0, 0, 1] },
      recent: { calls: 10, faults: 2, share: 0.05 },
    },
  ],
  edge: { inFlight: 2, accepted: 100, refused: { in_flight: 5, delay: 0, waiting: 1 }, delayMs: 12 },
};

function sources(more: Partial<MetricSources> = {}): MetricSources {
  return {
    now: () => NOW,
    figures: async () => [told],
    quarantines: async () => [{ worker: 'audit', since: 1, reason: 'it died' }],
    counts: async () => [
      { workflow: 'a', mode: 'apply', status: 'succeeded', runs: 4 },
      { workflow: 'b', mode: 'apply', status: 'succeeded', runs: 5 },
      { workflow: 'b', mode: 'plan', status: 'running', runs: 1 },
    ],
    queue: async () => [{ class: 'io', waiting: 12, oldest: NOW - 3_000 }],
    ...more,
  };
}

test('[WRK-125] length, age of the oldest and throughput of pools and classes are metrics', async () => {
  const text = await metricsText(sources());
  const lines = text.split('\n');
  for (const line of [
    'cadre_class_waiting{process="here:7",class="io"} 3',
    'cadre_class_oldest_seconds{process="here:7",class="io"} 2.5',
    'cadre_class_begun_total{process="here:7",class="io"} 90',
    'cadre_class_places{process="here:7",class="our \\"own\\"\\n"} 1',
    'cadre_worker_waiting{process="here:7",worker="code",lane="high"} 1',
    'cadre_worker_waiting{process="here:7",worker="code",lane="normal"} 2',
    'cadre_worker_oldest_seconds{process="here:7",worker="code"} 1',
    'cadre_queue_waiting{class="io"} 12',
    'cadre_queue_oldest_seconds{class="io"} 3',
  ])
    expect(lines).toContain(line);
});

test('[WRK-13] calls, failures, durations, restarts, memory, processor time and state of a worker are metrics', async () => {
  const lines = (await metricsText(sources())).split('\n');
  for (const line of [
    '# TYPE cadre_worker_calls_total counter',
    'cadre_worker_calls_total{process="here:7",worker="code",outcome="succeeded"} 8',
    'cadre_worker_calls_total{process="here:7",worker="code",outcome="failed"} 2',
    'cadre_worker_processes{process="here:7",worker="code",state="idle"} 1',
    'cadre_worker_processes{process="here:7",worker="code",state="busy"} 2',
    'cadre_worker_starts_total{process="here:7",worker="code"} 4',
    'cadre_worker_restarts_total{process="here:7",worker="code"} 1',
    'cadre_worker_quarantined{worker="audit"} 1',
    'cadre_runs{mode="apply",status="succeeded"} 9',
    'cadre_worker_memory_bytes{process="here:7",worker="code"} 50000000',
    'cadre_worker_memory_peak_bytes{process="here:7",worker="code"} 30000000',
    'cadre_worker_cpu_seconds_total{process="here:7",worker="code"} 1.5',
    `cadre_worker_started_seconds{process="here:7",worker="code"} ${(NOW - 4_000) / 1_000}`,
    'cadre_worker_ready_seconds{process="here:7",worker="code"} 0.25',
    '# TYPE cadre_worker_call_seconds histogram',
    'cadre_worker_call_seconds_bucket{process="here:7",worker="code",le="0.01"} 0',
    'cadre_worker_call_seconds_bucket{process="here:7",worker="code",le="0.05"} 9',
    'cadre_worker_call_seconds_bucket{process="here:7",worker="code",le="+Inf"} 10',
    'cadre_worker_call_seconds_sum{process="here:7",worker="code"} 1.73',
    'cadre_worker_call_seconds_count{process="here:7",worker="code"} 10',
    'cadre_worker_state{worker="code",state="degraded"} 1',
    'cadre_worker_state{worker="code",state="ok"} 0',
    'cadre_worker_state{worker="audit",state="quarantined"} 1',
    'cadre_worker_recent_faults{worker="code"} 2',
    'cadre_worker_allowed_faults{worker="code"} 1',
    'cadre_http_refused_total{process="here:7",reason="in_flight"} 5',
    'cadre_event_loop_delay_seconds{process="here:7"} 0.012',
  ])
    expect(lines).toContain(line);
});

test('where nothing is done nothing is told', async () => {
  const nothing = sources({ figures: async () => [], quarantines: async () => [], counts: async () => [] });
  const text = await metricsText({ ...nothing, queue: async () => [] });
  expect(text.trim()).toBe('');
});
