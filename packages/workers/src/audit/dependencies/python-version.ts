/** A version by PEP 440, taken apart for comparison. */
interface PythonVersion {
  readonly epoch: number;
  readonly release: readonly number[];
  /** Phase and number: a development release before everything, then a, b, rc, then the final one. */
  readonly pre: readonly [phase: number, number: number];
  readonly post: number;
  readonly dev: number;
  readonly local: readonly (number | string)[];
}

/** The expression of PEP 440, appendix B, with its alternative spellings; parts of digits are kept short. */
const PATTERN =
  /^\s*v?(?:(?<epoch>\d{1,15})!)?(?<release>\d{1,15}(?:\.\d{1,15}){0,50})(?:[-_.]?(?<phase>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<pre>\d{0,15}))?(?:-(?<implicit>\d{1,15})|[-_.]?(?<post>post|rev|r)[-_.]?(?<postNumber>\d{0,15}))?(?:[-_.]?(?<dev>dev)[-_.]?(?<devNumber>\d{0,15}))?(?:\+(?<local>[a-z\d]{1,50}(?:[-_.][a-z\d]{1,50}){0,20}))?\s*$/i;

const PHASES: Readonly<Record<string, number>> = {
  a: 0,
  alpha: 0,
  b: 1,
  beta: 1,
  c: 2,
  rc: 2,
  pre: 2,
  preview: 2,
};
const BEFORE_ALL = -1;
const FINAL = 3;
const ABSENT = -1;
const LAST = Number.POSITIVE_INFINITY;

/** Less than 0 when `a` comes first, 0 when they are the same version; undefined when one is no version. */
export function comparePython(a: string, b: string): number | undefined {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined) return undefined;
  return (
    left.epoch - right.epoch ||
    compareReleases(left.release, right.release) ||
    left.pre[0] - right.pre[0] ||
    left.pre[1] - right.pre[1] ||
    left.post - right.post ||
    compareNumbers(left.dev, right.dev) ||
    compareLocals(left.local, right.local)
  );
}

/** The name as packages are looked up by (PEP 503). */
export function pythonName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

function parse(version: string): PythonVersion | undefined {
  const groups = PATTERN.exec(version)?.groups;
  if (groups === undefined) return undefined;
  const { epoch, release = '', phase, pre, implicit, post, postNumber, dev, devNumber, local } = groups;
  const hasPost = implicit !== undefined || post !== undefined;
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    pre: preKey(phase, pre, hasPost, dev !== undefined),
    post: hasPost ? Number(implicit ?? postNumber ?? 0) : ABSENT,
    dev: dev === undefined ? LAST : Number(devNumber ?? 0),
    local: (local ?? '')
      .toLowerCase()
      .split(/[-_.]/)
      .filter((part) => part !== '')
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  };
}

/** `1.0.dev1` comes before `1.0a1`, and so does nothing else without a phase. */
function preKey(
  phase: string | undefined,
  number: string | undefined,
  hasPost: boolean,
  hasDev: boolean,
): readonly [number, number] {
  if (phase !== undefined) return [PHASES[phase.toLowerCase()] ?? 0, Number(number || 0)];
  return [hasDev && !hasPost ? BEFORE_ALL : FINAL, 0];
}

/** `1.0` and `1.0.0` are the same. */
function compareReleases(a: readonly number[], b: readonly number[]): number {
  const length = Math.max(a.length, b.length);
  return firstDifference(length, (index) => (a[index] ?? 0) - (b[index] ?? 0));
}

/** Numbers come after words, and a longer one after its own beginning. */
function compareLocals(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  return firstDifference(Math.max(a.length, b.length), (index) => comparePart(a[index], b[index]));
}

function comparePart(a: number | string | undefined, b: number | string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  if (typeof a === typeof b) return a < b ? -1 : 1;
  return typeof a === 'number' ? 1 : -1;
}

function compareNumbers(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function firstDifference(length: number, at: (index: number) => number): number {
  for (let index = 0; index < length; index++) {
    const difference = at(index);
    if (difference !== 0) return difference;
  }
  return 0;
}
