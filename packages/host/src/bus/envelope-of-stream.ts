import { attemptOfStream, envelopeOf } from '@cadre/core/history';
import type { Envelope } from '@cadre/sdk';
import type { StreamEvent } from '../ports/stream-store.ts';

/** An event that is in no journal: partial results, firings, what was emitted. */
export function envelopeOfStreamEvent(event: StreamEvent, workspace: string): Envelope {
  const { stream, number, at, topic, actor, data } = event;
  const attempt = attemptOfStream(stream);
  const { run, trigger } = data;
  return envelopeOf({
    topic,
    stream,
    number,
    workspace,
    run: attempt?.run ?? (stream.startsWith('firing:') && typeof run === 'string' ? run : null),
    step: attempt?.step ?? null,
    actor: actor ?? (stream.startsWith('firing:') ? `trigger:${String(trigger)}` : null),
    at,
    data,
  });
}
