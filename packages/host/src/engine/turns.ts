import { type Command, decide, type Moment, type RunDecision } from '@cadre/core/advance';
import { isOver, type RunEvent, type RunEventBody, type RunState, type Workflow } from '@cadre/core/history';
import { apply } from '@cadre/core/replay';
import type { RunValues } from './large-values.ts';

/** Something that happened to a run and is not yet in its journal. */
export interface News<Claim = unknown> {
  readonly body: RunEventBody;
  /** Of which attempt it tells; after another one was begun it is no longer true. */
  readonly attempt?: number;
  /** What is over with it, whether it is still true or not. */
  readonly claim?: Claim;
}

/** A turn as it should stand in the journal. */
export interface Prepared<Claim> {
  readonly expected: number;
  readonly events: readonly RunEvent[];
  readonly commands: readonly Command[];
  /** The run before what was decided, and after it. */
  readonly before: RunState;
  readonly state: RunState;
  readonly kept: readonly News<Claim>[];
  /** Others had ended those steps, or the run, before. */
  readonly dropped: readonly News<Claim>[];
}

/** What differs between a run that is held by a lease and one that any process may advance. */
export interface Turning<Claim> {
  readonly moment: () => Moment;
  readonly values: RunValues;
  /** Whether what follows is decided here, too; else what happened is only kept. */
  readonly decides: (state: RunState) => boolean;
  readonly stopped: () => boolean;
  /** The same state when nobody has appended. Throws when the journal does not say any more what is known. */
  readonly readOn: (state: RunState) => Promise<RunState>;
  /** Durably, with all that stands beside it. False: somebody else was first, so read on and decide anew. */
  readonly append: (turn: Prepared<Claim>) => Promise<boolean> | boolean;
  /** Carries out what was decided; the state is the new one. `changed`: something was appended. */
  readonly goOn: (commands: readonly Command[], changed: boolean) => void;
  /** Others have appended; the state is the new one. */
  readonly caughtUp: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * How a run goes on, whoever may do it: news → apply → decide → append → carry out.
 *
 * Invariants
 * 1. The state changes in turns, one at a time; it is always what the journal says up to its number.
 * 2. What happened and all that follows from it are one append, before any of it is carried out.
 * 3. Large values are kept before the events that name them are appended.
 * 4. After somebody else has appended, everything is looked at anew: what is no longer true is dropped.
 */
export class Turns<Claim = unknown> {
  readonly workflow: Workflow;
  readonly #turning: Turning<Claim>;
  #state: RunState;
  #news: News<Claim>[] = [];
  #due = false;
  #behind = false;
  #working: Promise<void> | undefined;

  constructor(workflow: Workflow, state: RunState, turning: Turning<Claim>) {
    this.workflow = workflow;
    this.#state = state;
    this.#turning = turning;
  }

  get state(): RunState {
    return this.#state;
  }

  get underWay(): boolean {
    return this.#working !== undefined;
  }

  /** Resolves when no turn is under way. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** Appends what happened, decides, and goes on. Resolves when that has been done. */
  tell(...news: readonly News<Claim>[]): Promise<void> {
    this.#news.push(...news);
    return this.take();
  }

  /** Somebody else may have appended. Resolves when it has been read and acted upon. */
  notice(): Promise<void> {
    this.#behind = true;
    return this.take();
  }

  /** One after another; a turn that is asked for during another one follows it. */
  take(): Promise<void> {
    this.#due = true;
    this.#working ??= this.#work();
    return this.#working;
  }

  async #work(): Promise<void> {
    const turning = this.#turning;
    const { values } = turning;
    try {
      while (this.#due && !turning.stopped()) {
        this.#due = false;
        if (this.#behind) await this.#readOn();
        const news = this.#news;
        this.#news = [];
        const preparing = this.#prepareLoaded(news);
        const prepared = preparing instanceof Promise ? await preparing : preparing;
        const writing = values.write();
        if (writing !== undefined) await writing;
        const appended = await turning.append(prepared);
        values.forget();
        if (turning.stopped()) return;
        if (appended) {
          this.#state = prepared.state;
          turning.goOn(prepared.commands, prepared.events.length > 0);
        } else {
          this.#news.unshift(...news);
          this.#behind = true;
          this.#due = true;
        }
      }
    } catch (error) {
      turning.failed(error);
    } finally {
      this.#working = undefined;
    }
  }

  /** What it reads and is not loaded is loaded, and then it is decided anew. */
  #prepareLoaded(news: readonly News<Claim>[]): Prepared<Claim> | Promise<Prepared<Claim>> {
    try {
      return this.#prepare(news);
    } catch (error) {
      return this.#turning.values.loadFor(error).then(() => this.#prepareLoaded(news));
    }
  }

  #prepare(news: readonly News<Claim>[]): Prepared<Claim> {
    const moment = this.#turning.moment();
    const kept: News<Claim>[] = [];
    const happened: RunEvent[] = [];
    let before = this.#state;
    // One after another: what was told first may make the next untrue.
    for (const each of news) {
      if (!isStillTrue(before, each)) continue;
      const event: RunEvent = { at: moment.now, ...each.body };
      kept.push(each);
      happened.push(event);
      before = apply(before, { number: before.number + 1, ...event });
    }
    const decision = this.#decide(before, moment);
    return {
      expected: this.#state.number,
      events: happened.concat(decision.events),
      commands: decision.commands,
      before,
      state: decision.state,
      kept,
      dropped: kept.length === news.length ? [] : news.filter((each) => !kept.includes(each)),
    };
  }

  #decide(state: RunState, moment: Moment): RunDecision {
    if (!this.#turning.decides(state)) return { events: [], commands: [], state };
    return decide(this.workflow, state, moment);
  }

  async #readOn(): Promise<void> {
    this.#behind = false;
    const state = await this.#turning.readOn(this.#state);
    if (state === this.#state) return;
    this.#state = state;
    this.#turning.caughtUp();
  }
}

/** Somebody else may have ended a step, begun it anew, or ended the run, before what came of an attempt was appended. */
function isStillTrue(state: RunState, { body, attempt }: News): boolean {
  if (isOver(state.status)) return false;
  if (!('step' in body)) return true;
  if (attempt !== undefined) return isUnderWay(state, body.step, attempt);
  return state.running.has(body.step);
}

export function isUnderWay(state: RunState, step: string, attempt: number): boolean {
  return state.running.has(step) && state.steps.get(step)?.attempts === attempt;
}
