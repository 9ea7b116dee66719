import type { JsonValue } from '@cadre/sdk';
import { isCadreError } from '../errors.ts';
import { references } from '../expression/references.ts';
import type { Path } from '../workflow/path.ts';
import { problemsOfFaults } from '../workflow/problems-of-faults.ts';
import { readDocument } from '../workflow/read-document.ts';
import type { Fault } from '../workflow/shape.ts';
import type { Position, Problem } from '../workflow/workflow.ts';
import { compileTrigger, type TriggerDocument } from './compile-trigger.ts';
import type { Trigger } from './trigger.ts';
import { TRIGGER_DOCUMENT } from './trigger-shape.ts';

export type ParsedTrigger =
  | {
      readonly ok: true;
      readonly trigger: Trigger;
      /** Of a value of the document. */
      readonly findPosition: (path: Path) => Position | undefined;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * A trigger of a YAML or JSON text. Never throws. What is no trigger is told in full, with line and column; whether its
 * rule is one and whether there is such a workflow is looked at elsewhere.
 */
export function parseTrigger(text: string, options: { readonly file?: string } = {}): ParsedTrigger {
  const read = readDocument(text, options.file ?? 'the document');
  if (!read.ok) return read;
  const faults: Fault[] = [];
  TRIGGER_DOCUMENT.check(read.value, [], (fault) => void faults.push(fault));
  if (faults.length === 0) {
    const { spec } = read.value as unknown as TriggerDocument;
    faults.push(
      ...expressionFaults(spec.if, ['spec', 'if']),
      ...expressionFaults(spec.with, ['spec', 'with']),
    );
    const { webhook } = spec.on;
    if (webhook?.signature === 'header' && webhook.header === undefined) {
      const path = ['spec', 'on', 'webhook'];
      faults.push({
        code: 'missing_key',
        message: '`header` is missing: where the signature stands',
        path,
        suggestion: 'header: X-Signature',
      });
    }
  }
  if (faults.length > 0) return { ok: false, problems: problemsOfFaults(faults, read) };
  return {
    ok: true,
    trigger: compileTrigger(read.value as unknown as TriggerDocument),
    findPosition: read.findPosition,
  };
}

/** An expression of a trigger sees what happened and nothing else: there is no run yet. */
function expressionFaults(template: JsonValue | undefined, path: Path): readonly Fault[] {
  if (template === undefined) return [];
  if (typeof template === 'object' && template !== null) {
    return Object.entries(template).flatMap(([key, inner]) =>
      expressionFaults(inner, [...path, Array.isArray(template) ? Number(key) : key]),
    );
  }
  try {
    const { names, steps, secrets } = references(template);
    const strangers = [
      ...names.filter((name) => name !== 'event'),
      ...(steps.length > 0 ? ['steps'] : []),
      ...(secrets.length > 0 ? ['secrets'] : []),
    ];
    return strangers.map((name) => ({
      code: 'unknown_name',
      message: `there is no \`${name}\` in a trigger`,
      path,
      suggestion:
        name === 'secrets'
          ? 'name the secret in the workflow: what starts it never carries one'
          : 'it sees what happened as `event`',
    }));
  } catch (error) {
    if (!isCadreError(error)) throw error;
    return [
      {
        code: error.code,
        message: error.message,
        path,
        ...(error.hint === undefined ? {} : { suggestion: error.hint }),
      },
    ];
  }
}
