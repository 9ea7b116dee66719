import type { JsonObject } from '@cadre/sdk';
import { parseRequirements } from '../dependency/parse-requirements.ts';
import type { Requirement } from '../dependency/requirement.ts';
import { didYouMean } from '../nearest.ts';
import { problemsOfFaults } from '../workflow/problems-of-faults.ts';
import { type ReadDocument, readDocument } from '../workflow/read-document.ts';
import { type Fault, isObject } from '../workflow/shape.ts';
import type { Problem } from '../workflow/workflow.ts';
import { checkInstructions } from './check-instructions.ts';
import { FRONT_MATTER, isRange, isVersion, METADATA, SHORT_VERSION } from './front-matter-shape.ts';
import type { Skill } from './skill.ts';
import { splitFrontMatter } from './split-front-matter.ts';

export type ParsedSkill =
  /** With warnings alone. */
  | { readonly ok: true; readonly skill: Skill; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What an author of another tool writes beside the keys of the format. */
const BELOW_METADATA: Readonly<Record<string, string>> = {
  version: 'write it below metadata:',
  author: 'write it below metadata:',
  tags: 'write it below metadata: as one text with blanks between them',
  licence: 'the format spells it license',
  requires: `write it below metadata: as ${METADATA.workers} and ${METADATA.skills}`,
};

const NO_VERSION = '0.0.0';

/** Reads a `SKILL.md`. Every problem is told, each with its place; warnings alone do not refuse it. Never throws. */
export function parseSkill(text: string, about: { readonly folder?: string } = {}): ParsedSkill {
  const split = splitFrontMatter(text);
  if (!split.ok) return { ok: false, problems: [split.problem] };
  const read = readDocument(split.frontMatter, 'the front matter');
  if (!read.ok) return { ok: false, problems: [...read.problems, ...checkInstructions(split)] };
  const faults: Fault[] = [];
  FRONT_MATTER.check(read.value, [], (fault) => void faults.push(withHint(fault)));
  const written = isObject(read.value) ? read.value : {};
  const metadata = textsOf(written['metadata']);
  const { requires, warnings } = readMetadata(metadata, written, about, faults);
  const problems = [
    ...problemsOfFaults(faults, read),
    ...warningsOf(warnings, read),
    ...checkInstructions(split),
  ];
  if (faults.length > 0) return { ok: false, problems };
  return { ok: true, problems, skill: compile(written, metadata, requires, split.instructions) };
}

function withHint(fault: Fault): Fault {
  const [key, ...inner] = fault.path;
  if (fault.code === 'unknown_key' && inner.length === 0 && typeof key === 'string') {
    const suggestion = Object.hasOwn(BELOW_METADATA, key) ? BELOW_METADATA[key] : undefined;
    return suggestion === undefined ? fault : { ...fault, suggestion };
  }
  if (key === 'metadata' && fault.code === 'wrong_value')
    return { ...fault, suggestion: 'put it into quotation marks' };
  if (fault.code === 'missing_key' && fault.message.includes('description'))
    return { ...fault, suggestion: 'say in it what the skill does and when a bot should take it up' };
  return fault;
}

function textsOf(metadata: unknown): Readonly<Record<string, string>> {
  if (!isObject(metadata as JsonObject)) return {};
  return Object.fromEntries(
    Object.entries(metadata as JsonObject).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Everything that the shape alone cannot say. Faults are added to those that were found. */
function readMetadata(
  metadata: Readonly<Record<string, string>>,
  written: JsonObject,
  { folder }: { readonly folder?: string },
  faults: Fault[],
): { readonly requires: readonly Requirement[]; readonly warnings: readonly Fault[] } {
  const warnings: Fault[] = [];
  const at = (key: string) => ['metadata', key];
  const wrong = (path: Fault['path'], message: string, suggestion: string) =>
    faults.push({ code: 'wrong_value', message, path, suggestion });
  const { name, license } = written;
  if (folder !== undefined && typeof name === 'string' && name !== folder)
    wrong(['name'], `expected ${folder}, as its folder is called, found ${name}`, 'give both the same name');
  for (const key of Object.keys(metadata)) {
    if (!key.startsWith('cadre-') || Object.values<string>(METADATA).includes(key)) continue;
    const known = Object.values<string>(METADATA).filter((one) => one.startsWith('cadre-'));
    faults.push({
      code: 'unknown_key',
      message: `there is no key \`${key}\` in the metadata that Cadre reads`,
      path: at(key),
      atKey: true,
      suggestion: didYouMean(key, known) ?? `there are ${known.join(', ')}`,
    });
  }
  const version = metadata[METADATA.version];
  if (version === undefined) {
    warnings.push({
      code: 'no_version',
      message: `no version is named, so it counts as ${NO_VERSION}`,
      path: ['metadata'],
      suggestion: 'write version: "1.0.0" below metadata:',
    });
  } else if (SHORT_VERSION.test(version)) {
    warnings.push({
      code: 'short_version',
      message: `the version ${version} is read as ${versionOf(version)}`,
      path: at(METADATA.version),
      suggestion: 'write all three numbers',
    });
  } else if (!isVersion(version))
    wrong(
      at(METADATA.version),
      `expected a semantic version, found ${JSON.stringify(version)}`,
      'write for example "1.2.0"',
    );
  if (license === undefined)
    warnings.push({
      code: 'no_licence',
      message: 'no licence is named',
      path: [],
      suggestion: 'add license: and its SPDX name',
    });
  const cadre = metadata[METADATA.cadre];
  if (cadre !== undefined && !isRange(cadre))
    wrong(
      at(METADATA.cadre),
      `expected a range of versions, found ${JSON.stringify(cadre)}`,
      'write for example ">=0.1.0"',
    );
  const requires = (['worker', 'skill'] as const).flatMap((kind) => {
    const key = kind === 'worker' ? METADATA.workers : METADATA.skills;
    const text = metadata[key];
    if (text === undefined) return [];
    const given = parseRequirements(text, kind);
    for (const message of given.faults) wrong(at(key), message, 'write for example "git@^1, files@>=2 <3"');
    if (kind === 'skill' && given.requires.some(({ id }) => id === name))
      wrong(at(key), `${String(name)} requires itself`, 'leave it out');
    for (const { id } of given.requires.filter(({ range }) => range === '*'))
      warnings.push({
        code: 'any_version',
        message: `any version of ${id} is taken`,
        path: at(key),
        suggestion: `name those that it was tried with: ${id}@^1`,
      });
    return given.requires;
  });
  return { requires, warnings };
}

function warningsOf(
  warnings: readonly Fault[],
  read: Extract<ReadDocument, { ok: true }>,
): readonly Problem[] {
  return problemsOfFaults(warnings, read).map((one) => ({ ...one, severity: 'warning' as const }));
}

function compile(
  written: JsonObject,
  metadata: Readonly<Record<string, string>>,
  requires: readonly Requirement[],
  instructions: string,
): Skill {
  const read = new Set<string>(Object.values(METADATA));
  const optional = (key: string, value: unknown) => (typeof value === 'string' ? { [key]: value } : {});
  return {
    id: String(written['name']),
    version: versionOf(metadata[METADATA.version] ?? NO_VERSION),
    description: String(written['description']),
    ...optional('title', metadata[METADATA.title]),
    ...optional('author', metadata[METADATA.author]),
    ...optional('licence', written['license']),
    ...optional('compatibility', written['compatibility']),
    ...optional('cadre', metadata[METADATA.cadre]),
    tags: wordsOf(metadata[METADATA.tags]),
    allowedTools: toolsOf(written['allowed-tools']),
    requires,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !read.has(key))),
    instructions,
  };
}

function versionOf(written: string): string {
  if (!SHORT_VERSION.test(written)) return written;
  return written.includes('.') ? `${written}.0` : `${written}.0.0`;
}

function wordsOf(text = ''): readonly string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** `Bash(git add:*) Read`: what stands in parentheses belongs to the name before it. */
function toolsOf(text: unknown): readonly string[] {
  if (typeof text !== 'string') return [];
  return [...new Set(text.match(/[^\s,()]+(\([^()]*\))?/g) ?? [])];
}
