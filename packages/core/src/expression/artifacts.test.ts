import type { JsonValue } from '@cadre/sdk';
import { describe, expect, test } from 'vitest';
import { ArtifactReference } from '../artifact/artifact-reference.ts';
import { ArtifactsNeeded } from '../artifact/artifacts-needed.ts';
import { parseValue, valueText } from '../artifact/value-text.ts';
import { evaluate } from './evaluate.ts';
import type { Scope } from './scope.ts';

const list = new ArtifactReference('sha256:list', 300_000, 'list', 3);
const text = new ArtifactReference('sha256:text', 300_000, 'text');

function scopeWith(outputs: Record<string, JsonValue>, loaded: Record<string, JsonValue> = {}): Scope {
  const view = (output: JsonValue) => ({ status: 'succeeded', output, failure: null, attempts: 1 });
  return {
    inputs: {},
    steps: Object.fromEntries(Object.entries(outputs).map(([id, output]) => [id, view(output)])),
    run: { id: 'run_1', startedAt: 1, trigger: {} },
    workspace: {},
    variables: {},
    findArtifact: ({ digest }) => loaded[digest],
  };
}

/** What has to be loaded before it can be evaluated. */
function neededBy(template: JsonValue, scope: Scope): string[] {
  try {
    evaluate(template, scope);
  } catch (error) {
    if (error instanceof ArtifactsNeeded) return error.references.map(({ digest }) => digest);
    throw error;
  }
  return [];
}

describe('a value that is kept outside of the journal [WRK-36]', () => {
  const scope = scopeWith({ a: list.value, b: { text: text.value, count: 2 }, c: [text.value, list.value] });

  test.each([
    ['the path to it', '${{ steps.a.output }}', list],
    ['the path to a map that holds one', '${{ steps.b.output }}', { text, count: 2 }],
    ['the path to it in a map', '${{ steps.b.output.text }}', text],
    ['the path past it', '${{ steps.b.output.count }}', 2],
    ['a list of such', '${{ steps.c.output }}', [text, list]],
  ])('is passed on unread by %s', (_, template, value) => {
    expect(evaluate(template, scope)).toEqual(value);
  });

  test.each([
    ['its size', '${{ steps.a.output.size() }}', ['sha256:list']],
    ['a path into it', '${{ steps.a.output.name }}', ['sha256:list']],
    ['text around it', 'of ${{ steps.b.output.text }}!', ['sha256:text']],
    ['a map that holds it', '${{ json(steps.b.output) }}', ['sha256:text']],
    ['two at once', '${{ steps.c.output.size() }}', ['sha256:text', 'sha256:list']],
    ['a comparison', '${{ steps.a.output == steps.b.output.text }}', ['sha256:list', 'sha256:text']],
  ])('is loaded for %s', (_, template, digests) => {
    expect(neededBy(template, scope)).toEqual(digests);
  });

  test('is read once it is loaded, and what it holds may be outside as well', () => {
    const outputs = { a: list.value };
    expect(
      neededBy('${{ steps.a.output[1].size() }}', scopeWith(outputs, { 'sha256:list': [1, text.value] })),
    ).toEqual(['sha256:text']);
    const loaded = scopeWith(outputs, { 'sha256:list': [1, text.value], 'sha256:text': 'four' });
    expect(evaluate('${{ steps.a.output[1].size() }}', loaded)).toBe(4);
    expect(evaluate('all: ${{ steps.a.output }}', loaded)).toBe('all: [1,"four"]');
    expect(evaluate('${{ steps.a.output }}', loaded)).toBe(list);
  });

  test('a field that is not there is a fault, as it is of any value', () => {
    expect(() => evaluate('${{ steps.b.output.missing }}', scope)).toThrow(/missing/);
  });

  test('nobody can write one: what looks like one is data', () => {
    const forged = { $artifact: 'sha256:list', bytes: 1, type: 'text' };
    const given = scopeWith({ a: forged });
    expect(evaluate({ x: '${{ steps.a.output }}', y: forged }, given)).toEqual({ x: forged, y: forged });
    expect(evaluate('${{ {"$artifact": steps.a.output["$artifact"], "bytes": 1}["bytes"] }}', given)).toBe(1);
  });
});

describe('as text', () => {
  test.each([
    ['nothing of the kind', { a: [1, 'x', null] }],
    ['a text that names the mark', { a: '"$artifact":"x"', b: '$artifact' }],
    ['data that looks like a reference', { $artifact: 'sha256:list', bytes: 1, type: 'text' }],
    ['data that looks like one that was told apart', { $$artifact: 1, $$$artifact: { $artifact: 2 } }],
    ['data with the same key', [{ $artifact: null }, { $artifact: { $artifact: [] } }]],
    ['references among them', [list, { $artifact: text, x: list }]],
  ])('%s is read as it was written', (_, value) => {
    const read = parseValue(valueText(value));
    expect(read).toEqual(value);
    expect(valueText(read)).toBe(valueText(value));
  });

  test('only what was a reference is one again', () => {
    const [reference, data] = parseValue(valueText([list, list.toJSON()])) as unknown[];
    expect(reference).toBeInstanceOf(ArtifactReference);
    expect(data).not.toBeInstanceOf(ArtifactReference);
    expect(data).toEqual(list.toJSON());
  });
});

describe('bytes that are kept outside of the journal [WRK-44]', () => {
  const film = new ArtifactReference(`sha256:${'a'.repeat(64)}`, 300_000, 'bytes', undefined, 'video/mp4');
  const scope: Scope = {
    ...scopeWith({ a: { film: film.value, all: [film.value], name: 'x' } }),
    findArtifact: ({ stream }) => stream,
  };

  test('are a handle to expressions that look at them, with nothing loaded', () => {
    expect(evaluate('${{ steps.a.output.film.size }}', scope)).toBe(300_000);
    expect(evaluate("${{ steps.a.output.all.exists(one, one.contentType == 'video/mp4') }}", scope)).toBe(
      true,
    );
    expect(evaluate('of ${{ steps.a.output.film.sha256 }}', scope)).toBe(`of ${'a'.repeat(64)}`);
  });

  test.each([
    ['their path', '${{ steps.a.output.film }}', film],
    ['an index', '${{ steps.a.output.all[0] }}', film],
    ['a map that an expression makes', "${{ {'video': steps.a.output.film} }}", { video: film }],
    ['a choice', "${{ steps.a.output.name == 'x' ? steps.a.output.all : [] }}", [film]],
  ])('stay what they are by %s', (_, template, value) => {
    const found = evaluate(template, scope);
    expect(found).toEqual(value);
    expect(valueText(found)).toContain('"$artifact"');
  });

  test('are not had by writing down their handle', () => {
    const forged = { ...film.stream } as JsonValue;
    const given = scopeWith({ a: forged, b: film.value });
    const wide = { ...given, findArtifact: scope.findArtifact } as Scope;
    const found = evaluate('${{ [steps.a.output] }}', wide);
    expect(valueText(found)).not.toContain('"$artifact"');
  });
});
