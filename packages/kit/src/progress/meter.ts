import type { Clock } from './clock.ts';
import type { ProgressEvent, ProgressState } from './event.ts';

/** Before this a rate is a guess. */
const SETTLING_MS = 2_000;
/** The average looks back so far. */
const WINDOW_MS = 10_000;
const SAMPLE_MS = 500;

export interface TaskOptions {
  readonly parent?: Task;
  readonly total?: number;
  readonly unit?: string;
}

export interface Task {
  readonly id: string;
  /** Sets what is done so far. */
  update(done: number, change?: { readonly total?: number; readonly label?: string }): void;
  add(amount?: number): void;
  /** Once; what comes after the end is ignored. */
  end(state?: Exclude<ProgressState, 'running'>): void;
}

/** Turns what tasks say into events. Numbers that make no sense (negative, infinite) are taken as nothing done. */
export function createMeter(clock: Clock, emit: (event: ProgressEvent) => void) {
  let started = 0;
  return {
    start(label: string, options: TaskOptions = {}): Task {
      started += 1;
      return startTask(`task-${started}`, label, options, clock, emit);
    },
  };
}

function startTask(
  id: string,
  firstLabel: string,
  options: TaskOptions,
  clock: Clock,
  emit: (event: ProgressEvent) => void,
): Task {
  const startedAt = clock.now();
  let samples: readonly Sample[] = [{ at: startedAt, done: 0 }];
  let label = firstLabel;
  let total = sane(options.total);
  let done = 0;
  let state: ProgressState = 'running';

  const tell = () => {
    const now = clock.now();
    samples = withSample(samples, { at: now, done });
    const rate = now - startedAt < SETTLING_MS ? undefined : rateOf(samples);
    const left = total === undefined ? undefined : Math.max(0, total - done);
    const etaMs = rate === undefined || left === undefined ? undefined : sane((left / rate) * 1_000);
    emit({
      id,
      ...(options.parent === undefined ? {} : { parent: options.parent.id }),
      label,
      done,
      ...(total === undefined ? {} : { total }),
      ...(options.unit === undefined ? {} : { unit: options.unit }),
      ...(rate === undefined ? {} : { rate }),
      ...(etaMs === undefined || state !== 'running' ? {} : { etaMs }),
      state,
    });
  };
  const update: Task['update'] = (value, change = {}) => {
    if (state !== 'running') return;
    done = sane(value) ?? 0;
    total = sane(change.total) ?? total;
    label = change.label ?? label;
    tell();
  };
  tell();
  return {
    id,
    update,
    add: (amount = 1) => update(done + amount),
    end(last = 'succeeded') {
      if (state !== 'running') return;
      state = last;
      tell();
    },
  };
}

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** A few per second suffice; a task may update a million times. */
function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  const kept =
    samples.length > 1 && last !== undefined && sample.at - last.at < SAMPLE_MS
      ? samples.slice(0, -1)
      : samples;
  return [...kept.filter(({ at }) => sample.at - at <= WINDOW_MS), sample];
}

function rateOf(samples: readonly Sample[]): number | undefined {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  return sane(((last.done - first.done) / (last.at - first.at)) * 1_000) ?? 0;
}

function sane(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined;
}
