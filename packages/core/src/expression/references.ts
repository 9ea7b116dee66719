import type { JsonValue } from '@cadre/sdk';
import { compileExpression } from './expression.ts';
import type { Access } from './syntax-tree.ts';
import { hasExpression, parseTemplate } from './template.ts';

/** What the expressions of a value read, each once, in the order of the text. */
export interface References {
  /** Ids of steps: `format` of `steps.format.output`. */
  readonly steps: string[];
  /** Names of inputs: `paths` of `inputs.paths`. */
  readonly inputs: string[];
  /** Other names of the scope: `inputs`, `failure`, a forEach's `as`. */
  readonly names: string[];
  readonly secrets: string[];
}

/** Throws CadreError `invalid_expression`. */
export function references(template: JsonValue): References {
  const read = texts(template).flatMap(readTemplate);
  const fieldsOf = (name: string) =>
    read.filter((access) => access.name === name).flatMap((access) => access.fields.slice(0, 1));
  return {
    steps: unique(fieldsOf('steps')),
    names: unique(read.map((access) => access.name).filter((name) => name !== 'steps' && name !== 'secrets')),
    inputs: unique(fieldsOf('inputs')),
    secrets: unique(fieldsOf('secrets')),
  };
}

function readTemplate(text: string): readonly Access[] {
  return parseTemplate(text)
    .filter((part) => part.kind === 'expression')
    .flatMap((part) => compileExpression(part.text).accesses);
}

/** The strings within a value that hold expressions. */
function texts(value: JsonValue): string[] {
  if (typeof value === 'string') return hasExpression(value) ? [value] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(texts) : [];
}

function unique(names: string[]): string[] {
  return [...new Set(names)];
}
