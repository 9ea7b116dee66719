import { setTimeout as pause } from 'node:timers/promises';
import { type ActionContext, ActionError, defineAction, type Fetched, toFailure } from '@cadre/sdk';
import { discordPayload } from './discord.ts';
import { type Notice, shortened } from './notice.ts';
import { signatureHeaders } from './signature.ts';
import { slackPayload } from './slack.ts';

interface SendInput extends Notice {
  readonly to: {
    readonly kind: keyof typeof PAYLOADS;
    readonly url: string;
    readonly signingSecret?: string;
  };
  readonly retry?: { readonly attempts?: number; readonly delayMs?: number; readonly maxDelayMs?: number };
}

const PAYLOADS = {
  slack: (notice: Notice) => slackPayload(notice),
  discord: (notice: Notice) => discordPayload(notice),
  webhook: (notice: Notice) => ({ type: 'notification', ...notice }),
} as const;

/** The answer to a try: `status` null when there was none at all. */
interface Answer {
  readonly status: number | null;
  readonly retryAfterMs?: number;
  readonly reason: string;
}

const TIMEOUT_MS = 15_000;

/** Fails with `provider_failed` once all tries are used up or the receiver refuses; the address is never shown. */
export const send = defineAction(async (input: SendInput, context) => {
  const { to } = input;
  // In a plan a secret is still its name.
  const isName = context.mode === 'preview' && to.url.startsWith('secret:');
  const host = isName ? to.url : hostOf(to.url);
  const purpose = `tell ${to.kind}: ${shortened(input.title ?? input.text, 120)}`;
  context.effect({ kind: 'network', host, purpose });
  if (context.mode === 'preview') return { delivered: false, attempts: 0, status: null };

  const { attempts = 3, delayMs = 1_000, maxDelayMs = 60_000 } = input.retry ?? {};
  for (let attempt = 1; ; attempt++) {
    const answer = await tryOnce(input, context);
    if (answer.status !== null && answer.status < 300) {
      return { delivered: true, attempts: attempt, status: answer.status };
    }
    if (attempt >= attempts || !mayHelpLater(answer)) throw notDelivered(input, host, attempt, answer);
    context.log('warn', `${to.kind} did not take the message (${answer.reason}); trying again`);
    const waited = Math.min(answer.retryAfterMs ?? Math.random() * delayMs * 2 ** (attempt - 1), maxDelayMs);
    await pause(waited, undefined, { signal: context.signal });
  }
});

async function tryOnce(input: SendInput, context: ActionContext): Promise<Answer> {
  const { to, retry: _retry, ...notice } = input;
  const body = JSON.stringify(PAYLOADS[to.kind](notice));
  // The key is the same for all attempts of a step, so that a receiver can tell a repetition from a second message.
  const message = { id: context.idempotencyKey, seconds: Math.floor(Date.now() / 1_000), body };
  const signed = to.signingSecret === undefined ? {} : signatureHeaders(to.signingSecret, message);
  try {
    const answer = await context.fetch(to.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed },
      body,
      timeoutMs: TIMEOUT_MS,
    });
    return fromResponse(answer);
  } catch (error) {
    const { code } = toFailure(error);
    if (code === 'denied' || context.signal.aborted) throw error;
    return { status: null, reason: `no answer: ${code}` };
  }
}

function fromResponse({ status, headers }: Fetched): Answer {
  const seconds = Number(headers['retry-after']);
  const retryAfterMs = headers['retry-after'] !== undefined && seconds >= 0 ? seconds * 1_000 : undefined;
  return { status, reason: `HTTP ${status}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function mayHelpLater({ status }: Answer): boolean {
  return status === null || status === 429 || status >= 500;
}

function notDelivered(input: SendInput, host: string, attempts: number, answer: Answer): ActionError {
  const message = `${input.to.kind} at ${host} did not take the message after ${attempts} tries: ${answer.reason}`;
  return new ActionError('provider_failed', message, {
    retryable: mayHelpLater(answer),
    hint: mayHelpLater(answer) ? 'try again later' : 'check that the address is still valid',
    details: { status: answer.status, attempts },
  });
}

/** Host and port alone: the path of such an address is its password. */
function hostOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new ActionError('invalid_input', 'the address of the receiver is no http or https address', {
      hint: 'store the whole address as a secret and name that secret',
    });
  }
  return new URL(url).host;
}
