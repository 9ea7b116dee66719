import { CLONE_NAMESPACES, refusedCalls, SOCKET_FAMILIES } from '../seccomp.ts';

interface Condition {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_GT' | 'SCMP_CMP_MASKED_EQ';
}

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly Condition[];
}

/** As engines read it: the format of the OCI runtime specification, with rules that may hold only under some capabilities. */
export interface Profile {
  readonly defaultAction: string;
  readonly architectures?: readonly string[];
  readonly syscalls: readonly Rule[];
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
};

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
/** Beyond the last family that there is. */
const MOST_FAMILY = 64;

/**
 * What may be called of the system in a container: what the engine permits, less what the filter of the box refuses, so that neither is
 * weaker than the other. Where the engine's own profile cannot be read, the same as in the box. Only calls of the processor's own table.
 * Undefined where there is no table of this processor; then the engine's profile stands as it is.
 */
export function seccompProfile(processor: string, base?: Profile): Profile | undefined {
  const refused = refusedCalls(processor);
  const architecture = ARCHITECTURES[processor];
  if (refused === undefined || architecture === undefined) return undefined;
  const never: readonly Rule[] = [
    { names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
    // Its flags lie in memory, where a filter cannot look; libraries fall back to `clone`.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  ];
  const architectures = [architecture];
  if (base === undefined) {
    return { defaultAction: 'SCMP_ACT_ALLOW', architectures, syscalls: [...never, ...refusals()] };
  }
  const { archMap: _, ...kept } = base as Profile & { readonly archMap?: unknown };
  const ours = new Set([...refused, 'clone', 'clone3', 'socket']);
  const theirs = base.syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !ours.has(name)) }))
    .filter(({ names }) => names.length > 0);
  return { ...kept, architectures, syscalls: [...theirs, ...never, ...permissions()] };
}

/** Added to a list of what is permitted: everything else of these calls is refused. */
function permissions(): readonly Rule[] {
  const plain = { index: 0, value: CLONE_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' } as const;
  return [
    { names: ['clone'], action: 'SCMP_ACT_ALLOW', args: [plain] },
    ...SOCKET_FAMILIES.map((value) => socketRule('SCMP_ACT_ALLOW', { value, op: 'SCMP_CMP_EQ' })),
  ];
}

/** Added to a list of what is refused: conditions of one argument cannot be joined there, so each case is a rule. */
function refusals(): readonly Rule[] {
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter(
    (bit) => (CLONE_NAMESPACES & bit) !== 0,
  );
  const others = Array.from({ length: MOST_FAMILY + 1 }, (_, value) => value).filter(
    (value) => value !== 0 && !SOCKET_FAMILIES.includes(value),
  );
  return [
    ...bits.map(
      (bit): Rule => ({
        names: ['clone'],
        action: 'SCMP_ACT_ERRNO',
        errnoRet: EPERM,
        args: [{ index: 0, value: bit, valueTwo: bit, op: 'SCMP_CMP_MASKED_EQ' }],
      }),
    ),
    ...others.map((value) => socketRule('SCMP_ACT_ERRNO', { value, op: 'SCMP_CMP_EQ' })),
    socketRule('SCMP_ACT_ERRNO', { value: MOST_FAMILY, op: 'SCMP_CMP_GT' }),
  ];
}

function socketRule(action: Rule['action'], condition: Pick<Condition, 'value' | 'op'>): Rule {
  return {
    names: ['socket'],
    action,
    ...(action === 'SCMP_ACT_ERRNO' ? { errnoRet: EAFNOSUPPORT } : {}),
    args: [{ index: 0, ...condition }],
  };
}
