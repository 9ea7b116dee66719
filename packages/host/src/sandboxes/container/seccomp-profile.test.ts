import { describe, expect, test } from 'vitest';
import { type Profile, seccompProfile } from './seccomp-profile.ts';

const BASE = {
  defaultAction: 'SCMP_ACT_ERRNO',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
  syscalls: [
    { names: ['read', 'ptrace', 'clone', 'clone3', 'socket'], action: 'SCMP_ACT_ALLOW' },
    { names: ['unshare'], action: 'SCMP_ACT_ALLOW' },
  ],
} as unknown as Profile;

const of = (profile: Profile | undefined, name: string) =>
  profile?.syscalls.filter(({ names }) => names.includes(name)) ?? [];

describe('[WRK-19] the profile of system calls of a container', () => {
  test('permits of what the engine permits nothing that the box refuses', () => {
    const profile = seccompProfile('x64', BASE);
    for (const name of ['ptrace', 'unshare', 'mount', 'io_uring_setup', 'clone3']) {
      expect(of(profile, name).map(({ action }) => action)).toEqual(['SCMP_ACT_ERRNO']);
    }
    expect(of(profile, 'read')).toEqual([{ names: ['read'], action: 'SCMP_ACT_ALLOW' }]);
    expect(of(profile, 'clone')).toMatchObject([
      { action: 'SCMP_ACT_ALLOW', args: [{ op: 'SCMP_CMP_MASKED_EQ', valueTwo: 0 }] },
    ]);
    expect(of(profile, 'socket').map(({ args }) => args?.[0]?.value)).toEqual([1, 2, 10, 16]);
  });

  test('knows the calls of one processor alone', () => {
    expect(seccompProfile('x64', BASE)).toMatchObject({ architectures: ['SCMP_ARCH_X86_64'] });
    expect(seccompProfile('x64', BASE)).not.toHaveProperty('archMap');
    expect(seccompProfile('arm64')?.architectures).toEqual(['SCMP_ARCH_AARCH64']);
    expect(seccompProfile('mips')).toBeUndefined();
  });

  test('refuses the same where the engine tells nothing of its own', () => {
    const profile = seccompProfile('x64');
    expect(profile?.defaultAction).toBe('SCMP_ACT_ALLOW');
    expect(of(profile, 'ptrace')).toMatchObject([{ action: 'SCMP_ACT_ERRNO', errnoRet: 1 }]);
    // One rule for each kind of namespace.
    expect(of(profile, 'clone')).toHaveLength(7);
    const refused = of(profile, 'socket').map(({ args }) => args?.[0]?.value);
    expect(refused).toContain(40);
    for (const family of [1, 2, 10, 16]) expect(refused).not.toContain(family);
  });
});
