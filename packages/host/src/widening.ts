import {
  asciiText,
  canonicalJson,
  exactText,
  isThisMachine,
  PERMISSION_TYPES,
  parsePermission,
  sha256,
} from '@cadre/core';
import type { Setting } from '@cadre/kit/config';
import type { JsonValue } from '@cadre/sdk';

/** One setting of a workspace's own file by which its author, and not the person, would decide what may be done. */
export interface Widening {
  readonly key: string;
  readonly value: JsonValue;
  /** What comes of it, one sentence each, with every character told. */
  readonly says: readonly string[];
}

/**
 * Whoever clones a repository gets its `cadre.yaml`, written by somebody else. It may always ask for less than the person allows; what
 * stands here widens that, reaches out of the workspace, or lets others in.
 */
const WIDE: Readonly<Record<string, (value: unknown, over: Over) => readonly string[]>> = {
  'policy.allow': (value) => list(value).map(permitted),
  'policy.sandbox': (value, over) => weaker(value, over, 'workers run where the system cannot confine them'),
  'policy.tiers.builtIn': (value, over) => lower(value, over ?? 'process', 'that come with Cadre'),
  'policy.tiers.signed': (value, over) =>
    lower(value, over ?? 'os', 'that somebody whom you trust has signed'),
  'policy.tiers.unsigned': (value, over) =>
    lower(value, over ?? 'os', 'that nobody whom you trust has signed'),
  'policy.limits.cpu': (value) => [`a call may use ${shown(value)} of processor time`],
  'policy.limits.memory': (value) => [`a worker may use ${shown(value)} of memory`],
  'policy.limits.processes': (value) => [`a worker may start ${shown(value)} processes`],
  'policy.limits.openFiles': (value) => [`a process may open ${shown(value)} files`],
  'policy.limits.disk': (value) => [`a call may write ${shown(value)} to disks`],
  'policy.limits.output': (value) => [`a call may write ${shown(value)} of lines`],
  'sandbox.remote.command': (value) => [
    `files and secrets that workers of tier 4 were granted are sent to whoever is reached by the program ${shown(value)}, which runs as you`,
  ],
  'sandbox.remote.files': (value) => [`${shown(value)} files may be sent to another machine for a worker`],
  'sandbox.remote.size': (value) => [`${shown(value)} may be sent to another machine for a worker`],
  'mcp.tools': (value) =>
    list(value)
      .filter((rule) => !/^(read|plan):|^run:read$/.test(String(rule)))
      .map((rule) => `MCP clients are offered ${shown(rule)}`),
  'policy.budget': (value, over) => weaker(value, over, 'nobody is asked before a budget is used up'),
  'sandbox.seatbelt': (value) =>
    value === true ? ['on macOS workers of others run in what Seatbelt keeps'] : [],
  'sandbox.container.engine': (value) => [`containers are started by the program ${shown(value)}`],
  'sandbox.container.runtime': (value) => [`containers are started with the runtime ${shown(value)}`],
  'sandbox.container.image': (value) => [`workers find the programs of the image ${shown(value)}`],
  'store.url': (value) => [`runs, grants and records are kept in, and read from, ${shown(value)}`],
  'store.schema': (value) => [
    `runs, grants and records are kept in, and read from, the schema ${shown(value)}`,
  ],
  'bus.url': (value) => [`processes wake each other through ${shown(value)}`],
  'http.host': (value) =>
    isThisMachine(String(value)) ? [] : [`cadre serve listens to other machines, on ${shown(value)}`],
  'http.token': (value) => [`whoever shows ${shown(value)} reads what happens here`],
  'log.dir': (value) => [`the log is written into the folder ${shown(value)}`],
  'log.file': (value) => (isName(value) ? [] : [`the log is written to ${shown(value)}`]),
  'audit.anchor': (value) => [`signed heads of the record are appended to ${shown(value)}`],
  'audit.keep': (value, over) =>
    isShorter(value, over) ? [`records of what was decided are removed after ${shown(value)}`] : [],
  'audit.archive': (value) => [`records of what was decided are copied into the folder ${shown(value)}`],
  'audit.keys': (value) => list(value).map((key) => `whoever has the key ${shown(key)} may remove records`),
};

/** Lists of rules add up: a file of a repository takes away nothing that the person has forbidden. */
const ADDED = new Set(['policy.allow', 'policy.ask', 'policy.deny', 'log.mask']);

/** What the person's own file says of the same. */
type Over = unknown;

/** Those settings of the workspace's file that widen anything. */
export function wideningOf(settings: readonly Setting[]): readonly Setting[] {
  return settings.filter((setting) => setting.layer === 'workspace' && saysOf(setting, settings).length > 0);
}

export function describeWidening(settings: readonly Setting[]): readonly Widening[] {
  return wideningOf(settings)
    .map((setting) => ({
      key: keyOf(setting),
      value: setting.value as JsonValue,
      says: saysOf(setting, settings),
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Another one as soon as anything in them is another. */
export function digestOfWidening(widening: readonly Widening[]): string {
  return sha256(canonicalJson(widening.map(({ key, value }) => [key, value])));
}

/** Puts the person's rules into the lists that would have taken their place. */
export function addedUp(settings: readonly Setting[]): readonly Setting[] {
  return settings.map((setting) => {
    if (setting.layer !== 'workspace' || !ADDED.has(keyOf(setting))) return setting;
    const over = personal(setting, settings);
    if (!Array.isArray(over) || !Array.isArray(setting.value)) return setting;
    return { ...setting, value: [...new Set([...over, ...setting.value])] };
  });
}

function saysOf(setting: Setting, settings: readonly Setting[]): readonly string[] {
  return WIDE[keyOf(setting)]?.(setting.value, personal(setting, settings)) ?? [];
}

function personal(setting: Setting, settings: readonly Setting[]): Over {
  const key = keyOf(setting);
  return settings.find((one) => one.layer === 'user' && keyOf(one) === key)?.value;
}

/** `warn` is what holds anyway, unless the person has chosen more. */
function weaker(value: unknown, over: Over, says: string): readonly string[] {
  return value === 'warn' && over !== undefined && over !== 'warn' ? [says] : [];
}

const TIERS = ['process', 'os', 'container', 'remote'];

/** A sandbox that holds less than the person wants, or than holds anyway. */
function lower(value: unknown, over: Over, which: string): readonly string[] {
  const isLower = TIERS.indexOf(String(value)) < TIERS.indexOf(String(over));
  return isLower
    ? [`workers ${which} run in a sandbox of the tier ${shown(value)} instead of ${shown(over)}`]
    : [];
}

/** 0s is for ever, which is what holds where nobody has said anything. What is no duration is refused elsewhere. */
function isShorter(value: unknown, over: Over): boolean {
  const days = (text: unknown) => Number.parseInt(String(text), 10) || Number.POSITIVE_INFINITY;
  return days(value) < days(over);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-][\w.-]*$/.test(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** `every worker, without being asked, may connect to example.org:443 (net:example.org:443)` */
function permitted(text: unknown): string {
  const parsed = parsePermission(String(text));
  const what = parsed.ok
    ? PERMISSION_TYPES[parsed.permission.type].says(parsed.permission.scope)
    : 'do something that Cadre does not know';
  return `every worker, without being asked, may ${what} (${shown(text)})`;
}

/** Addresses, paths and permissions: ASCII is to be expected in all of them but paths. */
function shown(value: unknown): string {
  return typeof value === 'string' ? exactText(value) : asciiText(JSON.stringify(value) ?? '');
}

function keyOf({ path }: Setting): string {
  return path.join('.');
}
