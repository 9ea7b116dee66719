import type { RunEvent } from '../run/events.ts';

/** What is told under a topic, for the reference page. */
export interface TopicNote {
  readonly says: string;
  /** What stands in `data`. A name that ends with `?` is not always there. */
  readonly data?: Readonly<Record<string, string>>;
}

const failure = 'why, with `code`, `message`, `retryable` and more';

/** The events of a run's journal. */
export const RUN_TOPICS: Readonly<Record<RunEvent['type'], TopicNote>> = {
  'run.created': {
    says: 'A run was asked for.',
    data: {
      workflow: 'its name',
      definition: 'hash of what it runs',
      inputs: 'what it was given; secrets stand in it as references',
      mode: '`apply` or `plan`',
      trigger: 'what started it',
      principal: 'who started it',
      'commit?': 'where the checkout stood',
      'reused?': 'results taken over from an earlier run',
    },
  },
  'run.started': { says: 'It began.' },
  'run.resumed': { says: 'Another process goes on with it.', data: { holder: 'which' } },
  'run.cancelling': { says: 'Somebody wants it to stop.', data: { by: 'who', reason: 'why' } },
  'run.signalled': {
    says: 'It was told something.',
    data: { topic: 'of what it was told', data: 'what', by: 'who told it' },
  },
  'run.prioritised': {
    says: 'A person gave it another priority.',
    data: { priority: 'higher goes first', by: 'who' },
  },
  'run.warned': {
    says: 'Four fifths of a limit are used.',
    data: {
      scope: 'the step whose budget it is; empty: of the run',
      limit: 'which limit',
      planned: 'how much there is',
      used: 'how much of it is used',
    },
  },
  'run.compensating': {
    says: 'It failed, and what succeeded is undone.',
    data: { steps: 'which steps, in order' },
  },
  'run.succeeded': { says: 'It ended well.', data: { output: 'what came of it' } },
  'run.failed': { says: 'It ended badly.', data: { failure } },
  'run.cancelled': { says: 'It was stopped.' },
  'run.timed_out': { says: 'Its time was up.' },
  'step.started': {
    says: 'An attempt began.',
    data: { attempt: 'from 1', 'child?': 'id of the run that the step is' },
  },
  'step.spent': {
    says: 'What the attempt has used so far, where it comes closer to a limit.',
    data: { attempt: 'which', usage: 'how much of what' },
  },
  'step.opened': {
    says: 'A container opened.',
    data: { 'items?': 'elements of a forEach', 'branch?': 'which branch of a choose' },
  },
  'step.iterating': { says: 'A repeat began once more.', data: { iteration: 'from 1' } },
  'step.pausing': { says: 'A repeat waits before it begins once more.', data: { dueAt: 'until when' } },
  'step.failing': { says: 'A step inside it failed for good.', data: { failure } },
  'step.succeeded': {
    says: 'It ended well.',
    data: { output: 'what came of it', 'cachedFrom?': 'the run whose kept result it is' },
  },
  'step.failed': { says: 'It ended badly.', data: { failure } },
  'step.timed_out': { says: 'Its time was up.', data: { failure } },
  'step.cancelled': { says: 'It was stopped.' },
  'step.skipped': { says: 'There was nothing to do, or it could not be done here.', data: { reason: 'why' } },
  'step.retrying': {
    says: 'An attempt failed and there will be another.',
    data: { attempt: 'which one failed', failure, dueAt: 'when the next one begins' },
  },
  'step.waiting': {
    says: 'It waits for a person, a time or an event.',
    data: { 'question?': 'what is asked', 'wait?': 'what it waits for' },
  },
  'step.woken': { says: 'What it waited for came.', data: { by: '`time`, or who told it' } },
  'step.prioritised': {
    says: 'A person gave the attempt that waits a priority of its own.',
    data: { priority: 'higher goes first', by: 'who' },
  },
  'step.delegated': { says: 'Somebody else is to answer.', data: { by: 'who handed it on', to: 'to whom' } },
  'step.answered': {
    says: 'Its question was answered.',
    data: { by: 'who answered', answer: 'what', 'data?': 'what they filled in' },
  },
  'step.interrupted': {
    says: 'The process that performed the attempt died.',
    data: { attempt: 'which', repeatable: 'whether trying again is safe' },
  },
};

/** What is told outside of journals. */
export const OTHER_TOPICS: Readonly<Record<string, TopicNote>> = {
  'step.extended': {
    says: 'A part of the result of an attempt, before the whole is there; the last one of a stream has `end` instead of `piece`.',
    data: {
      attempt: 'of which attempt',
      index: 'from 0',
      offset: 'bytes of the pieces before it',
      'piece?': 'a text, or any other JSON',
      'end?': '`succeeded`, `failed` or `cancelled`: how the attempt ended',
    },
  },
  'firing.added': { says: 'A trigger is to fire.', data: { trigger: 'its name', firing: 'its number' } },
  'firing.skipped': {
    says: 'It is not fired after all.',
    data: { trigger: 'its name', firing: 'its number', failure: 'why' },
  },
  'firing.started': {
    says: 'It started a run.',
    data: { trigger: 'its name', firing: 'its number', run: 'the run' },
  },
  'firing.retried': {
    says: 'Its run failed, and it will be fired again.',
    data: { trigger: 'its name', firing: 'its number', failure: 'why' },
  },
  'firing.succeeded': { says: 'Its run ended well.', data: { trigger: 'its name', firing: 'its number' } },
  'firing.cancelled': {
    says: 'Its run was stopped.',
    data: { trigger: 'its name', firing: 'its number', 'failure?': 'why' },
  },
  'firing.buried': {
    says: 'It failed for good: a dead letter.',
    data: { trigger: 'its name', firing: 'its number', failure: 'why' },
  },
  'firing.replayed': {
    says: 'A dead one was fired again, as a new one.',
    data: { trigger: 'its name', firing: 'its number' },
  },
  'worker.reloaded': {
    says: 'The files of a worker changed while a process was at work, and what they say now is used. In the stream `emitted`.',
    data: { event: 'its id', value: '`worker`, `version`, and `before`: the version until then' },
  },
  'worker.unloaded': {
    says: 'A worker is there no more. In the stream `emitted`.',
    data: { event: 'its id', value: '`worker`, `version`' },
  },
  'worker.reload_failed': {
    says: 'The files of a worker changed and cannot be used; it goes on as it was. In the stream `emitted`.',
    data: { event: 'its id', value: '`worker`, `failure`: why, and `version`: which one goes on' },
  },
  'skill.reloaded': {
    says: 'The files of a skill changed while a process was at work, and what they say now is used. In the stream `emitted`.',
    data: { event: 'its id', value: '`skill`, `version`, `hash`, and `before`: the version until then' },
  },
  'skill.unloaded': {
    says: 'A skill is there no more. In the stream `emitted`.',
    data: { event: 'its id', value: '`skill`, `version`' },
  },
  'skill.reload_failed': {
    says: 'The files of a skill changed and cannot be used; it goes on as it was. In the stream `emitted`.',
    data: { event: 'its id', value: '`skill`, `failure`: why, and `version`: which one goes on' },
  },
  'call.allowed, call.denied, exec.allowed, …': {
    says: 'The gate decided: what was asked for, and `allowed`, `denied` or `asked`. In the stream `audit`.',
    data: {
      worker: 'who wanted it',
      action: 'which action',
      'permission?': 'which permission it takes',
      'target?': 'what exactly',
      rule: 'which rule or grant decided',
      'outcome?': 'what came of it',
    },
  },
  'anything else': {
    says: 'What `cadre emit`, a program or a trigger told, under the topic that it gave. In the stream `emitted`.',
    data: { event: 'its id', value: 'what went with it' },
  },
};
