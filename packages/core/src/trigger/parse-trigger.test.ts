import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { validateSchema } from '../workflow/validate-schema.ts';
import { inputsOfEvent } from './inputs-of-event.ts';
import { parseTrigger } from './parse-trigger.ts';
import { triggerSchema } from './trigger-schema.ts';

const document = (spec: string) =>
  `apiVersion: cadre/v1\nkind: Trigger\nmetadata: { name: nightly }\nspec:\n  run: hygiene\n${spec}`;

function good(spec: string) {
  const text = document(spec);
  const parsed = parseTrigger(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  expect(validateSchema(triggerSchema(), parse(text))).toEqual([]);
  return parsed.trigger;
}

describe('a trigger', () => {
  test('[FND-79] has the defaults of the table: schedules skip what overlaps and run the newest of what was missed', () => {
    expect(good('  on: { schedule: "@daily" }')).toEqual({
      name: 'nightly',
      on: { kind: 'schedule', rule: '@daily', ifPast: 'refuse' },
      run: 'hygiene',
      with: {},
      overlap: 'skip',
      missed: 'newest',
      missedWindowMs: 86_400_000,
      jitterMs: 0,
      priority: 2,
      retry: { attempts: 1, delayMs: 1_000, backoff: 2, maxDelayMs: 60_000, jitter: 'full' },
      enabled: true,
    });
  });

  test('takes everything that is said', () => {
    const spec = `  on: { schedule: { rule: "at 2027-01-01T08:00", ifPast: run } }
  timeZone: Europe/Berlin
  overlap: cancel-running
  missed: { policy: all, window: 2h }
  jitter: 5m
  priority: high
  retry: { attempts: 2, on: [timed_out] }
  enabled: false
  permissions: ['fs:read:.']`;
    expect(good(spec)).toMatchObject({
      on: { kind: 'schedule', rule: 'at 2027-01-01T08:00', ifPast: 'run' },
      timeZone: 'Europe/Berlin',
      overlap: 'cancel-running',
      missed: 'all',
      missedWindowMs: 7_200_000,
      jitterMs: 300_000,
      priority: 3,
      retry: { attempts: 2, delayMs: 1_000, on: ['timed_out'] },
      enabled: false,
      permissions: ['fs:read:.'],
    });
  });

  test.each([
    [
      '  on: { watch: "src/**/*.ts" }',
      { kind: 'watch', paths: ['src/**/*.ts'], debounceMs: 500, initial: false },
    ],
    [
      '  on: { watch: { paths: [a, b], debounce: 300ms, ignore: [c] } }',
      { paths: ['a', 'b'], debounceMs: 300, ignore: ['c'] },
    ],
    [
      '  on: { webhook: { signature: github, secret: "secret:HOOK" } }',
      { kind: 'webhook', signature: 'github', secret: 'HOOK' },
    ],
    ['  on: { event: run.*.failed }', { kind: 'event', topic: 'run.*.failed' }],
    ['  on: { manual: true }', { kind: 'manual' }],
  ])('%s', (spec, on) => {
    expect(good(spec).on).toMatchObject(on);
  });

  test.each([
    ['  on: { shedule: "@daily" }', 'spec.on.shedule', /did you mean "schedule"/, 6, 9],
    ['  on: { schedule: "@daily", manual: true }', 'spec.on', /exactly one/, 6, 7],
    ['  on: { watch: ../elsewhere }', 'spec.on.watch', /within the workspace/, 6, 16],
    [
      '  on: { webhook: { signature: github, secret: hunter2 } }',
      'spec.on.webhook.secret',
      /secret:HOOK/,
      6,
      47,
    ],
    [
      '  on: { webhook: { signature: header, secret: "secret:A" } }',
      'spec.on.webhook',
      /header: X-Signature/,
      6,
      18,
    ],
    ['  on: { event: "run..x" }', 'spec.on.event', /a topic/, 6, 16],
    ['  on: { manual: true }\n  overlap: wait', 'spec.overlap', /skip, queue/, 7, 12],
    ['  on: { manual: true }\n  jitter: soon', 'spec.jitter', /a duration/, 7, 11],
    [
      '  on: { manual: true }\n  with: { a: "${{ steps.x.output }}" }',
      'spec.with.a',
      /no `steps` in a trigger/,
      7,
      14,
    ],
    ['  on: { manual: true }\n  with: { a: "${{ secrets.X }}" }', 'spec.with.a', /never carries one/, 7, 14],
    ['  on: { manual: true }\n  with: { a: "${{ event. }}" }', 'spec.with.a', /./, 7, 14],
    ['  on: { manual: true }\n  if: yes please', 'spec.if', /whole expression/, 7, 7],
  ])('%s is refused with place and reason', (spec, path, said, line, column) => {
    const parsed = parseTrigger(document(spec));
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    const [problem] = parsed.problems;
    expect(problem).toMatchObject({ path, position: { line, column } });
    expect(`${problem?.message} ${problem?.suggestion ?? ''}`).toMatch(said);
  });

  test('never throws, whatever is in the file', () => {
    for (const text of ['', '[]', 'a: [', '\0', 'kind: Workflow', '"x"', '- - -'])
      expect(parseTrigger(text).ok).toBe(false);
  });
});

describe('what happened becomes inputs', () => {
  const event = { kind: 'webhook', data: { ref: 'refs/heads/main', n: 3 } };

  test('by expressions that see it as `event`, with their types', () => {
    const trigger = {
      with: { branch: '${{ event.data.ref }}', n: '${{ event.data.n }}', text: 'n=${{ event.data.n }}' },
    };
    expect(inputsOfEvent(trigger, event)).toEqual({ branch: 'refs/heads/main', n: 3, text: 'n=3' });
  });

  test('or nothing, where `if` does not hold', () => {
    expect(
      inputsOfEvent({ if: "${{ event.data.ref == 'refs/heads/dev' }}", with: {} }, event),
    ).toBeUndefined();
    expect(inputsOfEvent({ if: "${{ event.data.ref == 'refs/heads/main' }}", with: {} }, event)).toEqual({});
    expect(inputsOfEvent({ if: 'false', with: {} }, event)).toBeUndefined();
  });

  test('or a refusal, where an expression gives what is none', () => {
    expect(() => inputsOfEvent({ if: '${{ event.data.n }}', with: {} }, event)).toThrow(
      expect.objectContaining({ code: 'invalid_expression' }),
    );
    expect(() => inputsOfEvent({ with: { a: '${{ event.data.none }}' } }, event)).toThrow(
      expect.objectContaining({ code: 'invalid_expression' }),
    );
  });
});
