import { failure, type JsonValue, type Outcome } from '@cadre/sdk';
import type { CheckCondition } from '../../workflow/workflow.ts';
import { type Draft, emit, type StepPlace } from './draft.ts';
import { evaluateCondition, evaluateWhole, outcomeOf, textOf } from './scope.ts';

type Evidence = { that: string; holds: boolean; message: string | null };

/** Evaluates every condition, so that the evidence is whole also when the first one does not hold. */
export function evaluateCheck(draft: Draft, place: StepPlace): void {
  const { path } = place;
  const attempt = (draft.state.steps.get(path)?.attempts ?? 0) + 1;
  emit(draft, { type: 'step.started', step: path, attempt });
  const verdict = judge(draft, place);
  if (verdict.ok) emit(draft, { type: 'step.succeeded', step: path, output: verdict.output });
  else emit(draft, { type: 'step.failed', step: path, failure: verdict.failure });
}

function judge(draft: Draft, place: StepPlace): Outcome<JsonValue> {
  const { step } = place.node;
  const conditions = step.kind === 'check' ? step.conditions : [];
  if (conditions.length === 0) return { ok: false, failure: unverified(place.path) };
  const found = outcomeOf(place.path, () =>
    conditions.map((condition) => evidenceOf(draft, place, condition)),
  );
  if (!found.ok) return found;
  const against = found.output.filter((evidence) => !evidence.holds);
  if (against.length === 0) return { ok: true, output: { evidence: found.output } };
  const details = { step: place.path, evidence: found.output };
  return { ok: false, failure: failure('check_failed', against.map(complaint).join('; '), { details }) };
}

function evidenceOf(draft: Draft, place: StepPlace, { that, message }: CheckCondition): Evidence {
  const holds = evaluateCondition(draft, place, that);
  const told = holds || message === undefined ? null : textOf(evaluateWhole(draft, place, message));
  return { that, holds, message: told };
}

function complaint({ that, message }: Evidence): string {
  return message ?? `${that} does not hold`;
}

function unverified(path: string) {
  return failure('unverified', `the check '${path}' has no conditions, so it has verified nothing`, {
    hint: 'give it at least one condition',
    details: { step: path },
  });
}
