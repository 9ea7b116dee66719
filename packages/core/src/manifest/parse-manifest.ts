import type { JsonObject, JsonValue, Manifest } from '@cadre/sdk';
import { type Document, isCollection, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../nearest.ts';
import type { Position, Problem } from '../workflow/workflow.ts';
import { checkManifest, type ManifestFault } from './check-manifest.ts';
import { manifestSchema, manifestShape } from './manifest-schema.ts';

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest; readonly problems: readonly Problem[] }
  /** `shaped`: it has the shape of a manifest, and says something that cannot be. */
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly shaped?: Manifest };

/** Reads `worker.yaml` or `.json`. Every problem is told, each with its place; warnings alone do not refuse it. */
export function parseManifest(text: string): ParsedManifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({
        severity: 'error',
        code: 'invalid_manifest',
        message: `not valid YAML: ${error.message}`,
        path: '',
        position: positionAt(error.pos[0], lines),
      })),
    };
  }
  const written: unknown = document.toJS();
  const shape = manifestShape().safeParse(written);
  const faults = shape.success
    ? checkManifest(shape.data)
    : shape.error.issues.flatMap((issue) => explain(issue, written));
  const problems = faults.map((fault) => toProblem(fault, document, lines));
  if (!shape.success) return { ok: false, problems };
  if (problems.some(({ severity }) => severity === 'error'))
    return { ok: false, problems, shaped: shape.data };
  return { ok: true, manifest: shape.data, problems };
}

function explain(issue: z.core.$ZodIssue, written: unknown): readonly ManifestFault[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(path);
      return issue.keys.map((key) => ({
        severity: 'error',
        path: [...path, key],
        message: `${key} is not a key of ${path.length === 0 ? 'a manifest' : pathText(path)}`,
        suggestion: didYouMean(key, known) ?? `known are ${known.join(', ')}`,
      }));
    }
    case 'invalid_type': {
      const got = valueAt(written, path);
      const message = got === undefined ? 'is missing' : `expected ${issue.expected}, got ${nameOf(got)}`;
      return [{ severity: 'error', path, message: `${pathText(path) || 'the manifest'}: ${message}` }];
    }
    case 'invalid_value': {
      const got = valueAt(written, path);
      const values = issue.values.map(String);
      return [
        {
          severity: 'error',
          path,
          message: `${pathText(path)}: ${got === undefined ? 'is missing' : `${JSON.stringify(got)} is not one of ${values.join(', ')}`}`,
          suggestion: didYouMean(String(got), values),
        },
      ];
    }
    default:
      return [{ severity: 'error', path, message: `${pathText(path)}: ${issue.message}` }];
  }
}

/** The keys that an object at this place may have, as the published schema says. */
function keysAt(path: readonly (string | number)[]): readonly string[] {
  const at = path.reduce<JsonValue | undefined>((schema, part) => {
    if (typeof part === 'number') return (schema as JsonObject | undefined)?.['items'];
    const properties = (schema as JsonObject | undefined)?.['properties'] as JsonObject | undefined;
    return properties?.[part];
  }, manifestSchema());
  return Object.keys(((at as JsonObject | undefined)?.['properties'] as JsonObject | undefined) ?? {});
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, part) => (inner as Record<string | number, unknown> | null | undefined)?.[part],
    value,
  );
}

function nameOf(value: unknown): string {
  if (value === null) return 'nothing';
  return Array.isArray(value)
    ? 'a list'
    : `${typeof value === 'object' ? 'an object' : JSON.stringify(value)}`;
}

function toProblem(fault: ManifestFault, document: Document.Parsed, lines: LineCounter): Problem {
  const position = positionOf(fault.path, document, lines);
  return {
    severity: fault.severity,
    code: 'invalid_manifest',
    message: fault.message,
    path: pathText(fault.path),
    ...(position === undefined ? {} : { position }),
    ...(fault.suggestion === undefined ? {} : { suggestion: fault.suggestion }),
  };
}

/** Of the value, or of the nearest thing around it when it is not there. */
function positionOf(
  path: readonly (string | number)[],
  document: Document.Parsed,
  lines: LineCounter,
): Position | undefined {
  const node =
    path.length === 0 || !isCollection(document.contents) ? document.contents : document.getIn(path, true);
  if (isNode(node) && node.range) return positionAt(node.range[0], lines);
  return path.length === 0 ? undefined : positionOf(path.slice(0, -1), document, lines);
}

function positionAt(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** `actions[2].input` */
function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}
