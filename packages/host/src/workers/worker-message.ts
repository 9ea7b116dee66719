import { once, parseMoney } from '@cadre/core';
import { CHUNK, HOOKS, type JsonObject, type JsonValue, type WorkerMessage } from '@cadre/sdk';
import { z } from 'zod';

const messageShape = once(() => {
  /** Whatever came out of JSON.parse is JSON; only that it is there needs to be seen. */
  const json = z.custom<JsonValue>((value) => value !== undefined);
  const jsonObject = z.custom<JsonObject>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  );
  const count = z.number().min(0);
  const optionalCount = count.exactOptional();
  const optionalText = z.string().exactOptional();

  const failure = z.object({
    code: z.string().regex(/^[\w.-]{1,100}$/),
    message: z.string(),
    retryable: z.boolean(),
    hint: optionalText,
    details: json.exactOptional(),
    get cause() {
      return failure.exactOptional();
    },
  });

  const effect = z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('file'),
      change: z.enum(['created', 'modified', 'deleted']),
      path: z.string(),
      diff: optionalText,
      bytes: optionalCount,
      files: optionalCount,
      group: optionalText,
    }),
    z.object({ kind: z.literal('command'), command: z.string(), purpose: z.string() }),
    z.object({
      kind: z.literal('commit'),
      commit: optionalText,
      branch: z.string(),
      message: z.string(),
      paths: z.array(z.string()),
    }),
    z.object({ kind: z.literal('network'), host: z.string(), purpose: z.string() }),
    z.object({ kind: z.literal('archive'), path: z.string(), files: count, bytes: count }),
  ]);

  const reference = z.object({ $secret: z.string().max(200) });
  const fetchText = z.union([z.string(), reference, z.array(z.union([z.string(), reference]))]);

  const request = z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('exec'),
      program: z.string(),
      path: z.string(),
      arguments: z.array(z.string()),
      cwd: z.string(),
    }),
    z.object({
      kind: z.literal('fetch'),
      url: z.string(),
      options: z.object({
        method: optionalText,
        headers: z.record(z.string(), fetchText).exactOptional(),
        query: z.record(z.string(), fetchText).exactOptional(),
        body: fetchText.exactOptional(),
        json: json.exactOptional(),
        basic: z.object({ user: fetchText, password: fetchText }).exactOptional(),
        timeoutMs: optionalCount,
      }),
      parts: z.boolean().exactOptional(),
    }),
    z.object({ kind: z.literal('secret'), name: z.string() }),
    z.object({ kind: z.literal('connect'), host: z.string(), port: z.number() }),
    z.object({
      kind: z.literal('write-stream'),
      stream: z.string().max(100),
      contentType: z.string().max(200),
      lossy: z.boolean(),
      // Workers that were built before do not say it.
      keep: z.boolean().default(true),
    }),
    z.object({ kind: z.literal('close-stream'), stream: z.string().max(100), dropped: count }),
    z.object({
      kind: z.literal('read-stream'),
      stream: z.string().max(100),
      handle: z.object({
        $stream: z.string(),
        contentType: z.string(),
        size: count,
        sha256: z.string(),
        dropped: optionalCount,
      }),
    }),
    z.object({
      kind: z.literal('ssh'),
      place: z.object({ host: z.string(), port: optionalCount, user: optionalText }),
    }),
    z.object({
      kind: z.literal('call'),
      uses: z.string().max(200),
      input: jsonObject,
      timeoutMs: z.number().int().min(1).max(MOST_WAIT_MS).exactOptional(),
    }),
  ]);

  const call = z.string();
  const stream = z.string();
  const hook = z.enum(HOOKS);
  const size = z.number().int().min(1).max(CHUNK);

  return z.discriminatedUnion('type', [
    z.object({
      type: z.literal('ready'),
      protocol: z.number(),
      worker: z.string(),
      actions: z.array(z.string()),
      hooks: z.array(hook).exactOptional(),
    }),
    z.object({ type: z.literal('hooked'), hook, failure: failure.exactOptional() }),
    z.object({
      type: z.literal('hook-log'),
      hook,
      level: z.enum(['debug', 'info', 'warn', 'error']),
      message: z.string(),
      fields: jsonObject.exactOptional(),
    }),
    z.object({
      type: z.literal('log'),
      call,
      level: z.enum(['debug', 'info', 'warn', 'error']),
      message: z.string(),
      fields: jsonObject.exactOptional(),
    }),
    z.object({
      type: z.literal('progress'),
      call,
      progress: z.object({ label: optionalText, done: count, total: optionalCount, unit: optionalText }),
    }),
    z.object({
      type: z.literal('spent'),
      call,
      spent: z.object({
        tokens: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).exactOptional(),
        money: z
          .string()
          .refine((text) => parseMoney(text) !== undefined)
          .exactOptional(),
      }),
    }),
    z.object({ type: z.literal('effect'), call, effect }),
    z.object({
      type: z.literal('refused'),
      call,
      permission: z.string().max(100),
      resource: z.string().max(10_000),
    }),
    z.object({ type: z.literal('extended'), call, piece: json }),
    z.object({ type: z.literal('chunk'), call, stream, bytes: size }),
    z.object({ type: z.literal('credit'), call, stream, bytes: z.number().int().min(0) }),
    z.object({ type: z.literal('unread'), call, stream }),
    z.object({ type: z.literal('request'), call, request: z.string(), body: request }),
    z.object({ type: z.literal('succeeded'), call, output: json }),
    z.object({ type: z.literal('failed'), call, failure }),
  ]) satisfies z.ZodType<WorkerMessage>;
});

/** The longest that a timer can be set for. */
const MOST_WAIT_MS = 2 ** 31 - 1;

export type ReadMessage =
  | { readonly kind: 'message'; readonly message: WorkerMessage }
  /** It is meant as a message of this call and does not fit the protocol. */
  | { readonly kind: 'broken'; readonly call: string; readonly reason: string }
  /** Something printed by accident, or a kind of message of a later version. */
  | { readonly kind: 'other' };

/** Reads one line of a worker, which is not trusted. */
export function readMessage(line: string): ReadMessage {
  const value = parseJson(line);
  if (isDeeper(value, DEEPEST)) return tooDeep(value);
  const parsed = messageShape().safeParse(value);
  if (parsed.success) return { kind: 'message', message: parsed.data };
  const { type, call } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof call !== 'string' || !known().has(String(type))) return { kind: 'other' };
  return { kind: 'broken', call, reason: z.prettifyError(parsed.error) };
}

/** What is nested deeper would overflow the stack of whoever walks through it: when it is masked, stored, compared. */
const DEEPEST = 200;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function tooDeep(value: unknown): ReadMessage {
  const { call } = value as { readonly call?: unknown };
  if (typeof call !== 'string') return { kind: 'other' };
  return { kind: 'broken', call, reason: `it is nested more than ${DEEPEST} levels deep` };
}

const known = once(() => new Set(messageShape().options.map((option) => String(option.shape.type.value))));

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
