import { performance } from 'node:perf_hooks';
import { type Failure, failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { InstalledWorker, Surroundings } from '../ports/action-runner.ts';
import type { PoolFigures } from '../ports/figures.ts';
import { beginProcess } from './begin-process.ts';
import { createFolderUse } from './folder-use.ts';
import { PoolLines } from './pool-lines.ts';
import { isLeaving, isWaiting, type Member, PoolMembers } from './pool-members.ts';
import { createPoolRecord, type PoolRecord } from './pool-record.ts';
import type { Caller, PoolContext, PoolSetting, PoolTask } from './pool-setting.ts';
import { createRestarts, type Restarts } from './restarts.ts';
import { hasProxy, keyOf } from './start-worker.ts';
import { strategyOf } from './worker-command.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Calls at once in one process where they may share it; with more the next process is started. */
const MOST_CALLS = 16;

const CRASHES: ReadonlySet<string> = new Set(['worker_not_started', 'hook_timeout']);

/**
 * The processes of one worker.
 *
 * Invariants
 * 1. A call gets a process that was started for exactly its worker, confinement, folders and environment.
 * 2. Where programs may use the network a process has one call at a time, so that each connection belongs to a call.
 * 3. There are never more processes than `max`, those that are ending counted; who finds none waits in a line, and nobody
 *    passes whoever stands first in it.
 * 4. What a call with limits uses is its own: nobody used its process before, and nobody will.
 * 5. A process that dies harms its own calls; in its place none is started before its time, and none in quarantine.
 * 6. A call that another one waits for never waits for that one: to it, processes of which every call waits do not count as
 *    processes, and it stands in a line of its own, which is served first. Whoever it does wait for is at work, so it gets its turn.
 */
export class WorkerPool {
  readonly #id: string;
  readonly #setting: PoolSetting;
  readonly #context: PoolContext;
  readonly #members = new PoolMembers();
  readonly #lines = new PoolLines(() => this.#now());
  readonly #restarts: Restarts;
  readonly #record: PoolRecord;
  readonly #folders = createFolderUse((folder) => [...this.#members].some((one) => one.folder === folder));
  #measured = 0;
  /** Processes that died and that none was started for yet. */
  #owed = 0;
  /** What is kept warm. */
  #warm:
    | { readonly worker: InstalledWorker; readonly around: Surroundings; readonly key: string }
    | undefined;
  #quarantining: Promise<void> | undefined;
  #takeBackServe: (() => void) | undefined;
  #isClosed = false;

  constructor(id: string, setting: PoolSetting, context: PoolContext) {
    this.#id = id;
    this.#setting = setting;
    this.#context = context;
    this.#restarts = createRestarts(setting.restart);
    this.#record = createPoolRecord(setting.errors);
  }

  async use(
    worker: InstalledWorker,
    caller: Caller,
    signal: AbortSignal,
    task: PoolTask,
  ): Promise<Outcome<JsonValue>> {
    if (this.#isClosed) return { ok: false, failure: ending() };
    return this.#folders.during(worker.folder, () => this.#use(worker, caller, signal, task));
  }

  async #use(
    worker: InstalledWorker,
    caller: Caller,
    signal: AbortSignal,
    task: PoolTask,
  ): Promise<Outcome<JsonValue>> {
    const member = await this.#take(worker, caller, signal);
    if (member === undefined) return { ok: false, failure: this.#isClosed ? ending() : stopped(this.#id) };
    const begun = performance.now();
    const calls = { waitedFor: 0 };
    let outcome: Outcome<JsonValue> | undefined;
    try {
      const started = await member.started;
      outcome = started.ok
        ? await task(started.output, (work) => this.#whileWaiting(member, calls, work))
        : started;
      return outcome;
    } finally {
      this.#record.performed(outcome, performance.now() - begun, this.#now());
      this.#rest(member);
    }
  }

  /** Invariant 6. Of one call of a process; it may wait for several at once. */
  async #whileWaiting<T>(member: Member, calls: { waitedFor: number }, work: () => Promise<T>): Promise<T> {
    calls.waitedFor += 1;
    if (calls.waitedFor === 1) member.waiting += 1;
    this.#serve();
    try {
      return await work();
    } finally {
      calls.waitedFor -= 1;
      if (calls.waitedFor === 0) member.waiting -= 1;
    }
  }

  /** From now on keeps `min` processes for this; undefined: for nothing. */
  warm(worker: InstalledWorker, around: Surroundings | undefined): void {
    const before = this.#warm?.key;
    this.#warm = around === undefined ? undefined : { worker, around, key: keyOf(worker, around) };
    if (before !== undefined && before !== this.#warm?.key) {
      // What may no longer be done by calls is not kept at hand either.
      for (const member of this.#members.idle()) if (member.key === before) this.#retire(member);
    }
    this.#refill();
  }

  /**
   * Something else takes the place of what lies in this folder: its processes end with their calls. Resolves when nothing of it runs
   * and nobody waits for it.
   */
  retire(folder: string): Promise<void> {
    if (this.#warm?.worker.folder === folder) this.#warm = undefined;
    for (const member of this.#members) {
      if (member.folder !== folder) continue;
      member.isLeaving = true;
      if (member.taken === 0) this.#retire(member);
    }
    return this.#folders.unused(folder);
  }

  prioritise(run: string, priorityOf: (step: string) => number | undefined): void {
    this.#lines.prioritise(run, priorityOf);
  }

  /** Processes without a call that need not be kept, the one that was used longest ago first. */
  spare(): readonly (() => void)[] {
    const idle = this.#members.idle();
    const warm = idle.filter(({ key }) => key === this.#warm?.key);
    const kept = new Set(warm.slice(Math.max(0, warm.length - this.#setting.min)));
    return idle.filter((member) => !kept.has(member)).map((member) => () => this.#retire(member));
  }

  /** Sees what the processes use. */
  async look(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#lookAt(member)));
  }

  async #lookAt(member: Member): Promise<void> {
    const use = await member.process?.use();
    // It may be gone meanwhile.
    if (use !== undefined && this.#members.has(member)) this.#record.seen(member, use);
  }

  figures(): PoolFigures {
    const now = this.#now();
    return {
      worker: this.#id,
      processes: this.#members.size,
      idle: this.#members.idle().length,
      calls: [...this.#members].reduce((sum, { taken }) => sum + taken, 0),
      ...this.#lines.figures(),
      ...this.#record.figures(now),
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#takeBackServe?.();
    this.#lines.close();
    await Promise.all([...this.#members].map((member) => this.#end(member)));
    await this.#quarantining;
  }

  #now(): number {
    return this.#context.clock.now();
  }

  async #take(worker: InstalledWorker, caller: Caller, signal: AbortSignal): Promise<Member | undefined> {
    const seat = this.#lines.isFirst(caller) ? this.#seat(worker, caller) : undefined;
    // Whoever leaves may have been the one for whom a process was to end.
    return seat ?? this.#lines.wait(worker, caller, signal, () => this.#serve());
  }

  #serve(): void {
    if (!this.#isClosed) this.#lines.serve((worker, caller) => this.#seat(worker, caller));
    if (this.#lines.isEmpty) this.#refill();
  }

  /** Takes a process for a call; undefined: there is none now, and `serve` is called when there may be one. */
  #seat(worker: InstalledWorker, caller: Caller): Member | undefined {
    const key = caller.limits === undefined ? keyOf(worker, caller) : this.#ownKey();
    const member =
      this.#members.find(key, this.#mostCalls(worker, caller), caller.shard) ??
      this.#startIfRoom(key, worker, caller, caller.isAwaited);
    if (member === undefined) return undefined;
    member.taken += 1;
    if (caller.shard !== undefined) this.#members.remember(member, caller.shard);
    member.takeBackIdle?.();
    return member;
  }

  /** Of those that compute in a thread each has the whole of one; files are carried to another machine for one call at a time. */
  #mostCalls({ manifest }: InstalledWorker, caller: Caller): number {
    return caller.tier === 'remote' ||
      hasProxy(caller) ||
      strategyOf(manifest, this.#setting.strategy) === 'thread'
      ? 1
      : MOST_CALLS;
  }

  /** Invariant 4: no other has this key. */
  #ownKey(): string {
    this.#measured += 1;
    return `measured ${this.#measured}`;
  }

  #startIfRoom(
    key: string,
    worker: InstalledWorker,
    around: Surroundings,
    isAwaited = false,
  ): Member | undefined {
    const { notBefore } = this.#restarts;
    if (notBefore > this.#now()) {
      this.#takeBackServe?.();
      this.#takeBackServe = this.#context.clock.wakeAt(notBefore, () => this.#serve());
      return undefined;
    }
    const counted = [...this.#members].filter((member) => !(isAwaited && isWaiting(member)));
    if (counted.length < this.#setting.max) return this.#start(key, worker, around);
    // Invariant 3: the place of one that rests is free when it is gone.
    if (![...this.#members].some((member) => member.taken === 0 && isLeaving(member))) {
      const [oldest] = this.#members.idle();
      if (oldest !== undefined) this.#retire(oldest);
    }
    return undefined;
  }

  #start(key: string, worker: InstalledWorker, around: Surroundings): Member {
    this.#record.starting();
    if (this.#owed > 0) {
      this.#owed -= 1;
      this.#record.restarting();
    }
    const { confinement, tier, workspace, dataDir, env, config, limits } = around;
    const kept = {
      confinement,
      workspace,
      dataDir,
      env,
      config,
      ...(tier === undefined ? {} : { tier }),
      ...(limits === undefined ? {} : { limits }),
    };
    const member: Member = {
      key,
      folder: worker.folder,
      around: kept,
      taken: 0,
      waiting: 0,
      shards: new Set(),
      isLeaving: false,
      started: this.#begin(worker, kept),
    };
    this.#members.add(member);
    void this.#watch(member, worker);
    return member;
  }

  async #begin(worker: InstalledWorker, around: Surroundings): Promise<Outcome<WorkerProcess>> {
    await this.#quarantining;
    return beginProcess(worker, around, this.#context, this.#setting);
  }

  async #watch(member: Member, worker: InstalledWorker): Promise<void> {
    const at = this.#now();
    const began = performance.now();
    // Whoever uses it hears why it did not start.
    const started = await member.started.catch(() => undefined);
    let why: 'asked' | 'left' | 'died' = 'asked';
    if (started?.ok === true) {
      member.process = started.output;
      const { hookTimes } = started.output;
      this.#record.ready({
        at,
        readyMs: Math.round(performance.now() - began),
        ...(Object.keys(hookTimes).length === 0 ? {} : { hookMs: { ...hookTimes } }),
      });
      why = await started.output.gone;
      this.#noteEnd(started.output.endFault);
      await this.#lookAt(member);
    } else {
      if (CRASHES.has(started?.failure.code ?? '')) why = 'died';
      // Tried again when it is next asked for; trying at once would never end.
      this.#warm = undefined;
    }
    this.#members.delete(member);
    this.#record.gone(member);
    member.takeBackIdle?.();
    this.#folders.ended(member.folder);
    if (this.#isClosed) return;
    if (why === 'died' || (why === 'left' && this.#setting.restart === 'always'))
      this.#replace(member, worker);
    this.#serve();
  }

  /** It harms nobody's call, and should not go unseen. */
  #noteEnd(fault: Failure | undefined): void {
    if (fault === undefined) return;
    this.#record.fault(fault);
    this.#context.told(this.#id, fault);
  }

  /** Invariant 5. */
  #replace(member: Member, worker: InstalledWorker): void {
    this.#owed += 1;
    const now = this.#now();
    if (this.#restarts.died(now)) {
      this.#owed = 0;
      const reason =
        this.#setting.restart === 'never'
          ? 'it ended by itself, and is to be restarted never'
          : 'it ended by itself more than 5 times within a minute';
      this.#quarantining = this.#context.quarantines.put({ worker: this.#id, since: now, reason });
      return;
    }
    const wasForOneCall = member.around.limits !== undefined;
    if (this.#setting.restart !== 'always' || this.#warm !== undefined || wasForOneCall) return;
    // It is kept running as it was, until it rests for its time.
    const again = () => {
      const isThere = [...this.#members].some(({ key }) => key === member.key);
      if (this.#isClosed || isThere || this.#members.size >= this.#setting.max) return;
      this.#rest(this.#start(member.key, worker, member.around), 0);
    };
    this.#context.clock.wakeAt(this.#restarts.notBefore, again);
  }

  /** A process is started where fewer than `min` are kept. */
  #refill(): void {
    const warm = this.#warm;
    if (warm === undefined || this.#isClosed) return;
    if (!this.#lines.isEmpty) return;
    while (this.#members.open(warm.key).length < this.#setting.min) {
      const member = this.#startIfRoom(warm.key, warm.worker, warm.around);
      if (member === undefined) return;
      this.#rest(member, 0);
    }
  }

  #rest(member: Member, calls = 1): void {
    member.taken -= calls;
    if (member.taken === 0 && this.#members.has(member)) {
      if (member.isLeaving) this.#retire(member);
      else if (!isLeaving(member)) this.#armIdle(member);
    }
    this.#serve();
    this.#context.rested();
  }

  #armIdle(member: Member): void {
    const { clock } = this.#context;
    this.#members.touch(member);
    member.takeBackIdle?.();
    member.takeBackIdle = clock.wakeAt(this.#now() + this.#setting.idleMs, () => {
      const kept = this.#members.idle().filter(({ key }) => key === member.key);
      const isWarm = member.key === this.#warm?.key && kept.length <= this.#setting.min;
      if (isWarm) this.#armIdle(member);
      else this.#retire(member);
    });
  }

  #retire(member: Member): void {
    void this.#end(member);
  }

  async #end(member: Member): Promise<void> {
    member.isLeaving = true;
    member.takeBackIdle?.();
    const started = await member.started.catch(() => undefined);
    if (started?.ok === true) await started.output.stop();
  }
}

function ending(): Failure {
  return failure('cancelled', 'Cadre is ending, no worker is started any more');
}

function stopped(id: string): Failure {
  return failure('cancelled', `a call of ${id} was stopped while it waited for a process`);
}
