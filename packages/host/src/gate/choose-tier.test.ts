import { describe, expect, test } from 'vitest';
import type { InstalledWorker } from '../ports/action-runner.ts';
import type { SandboxReport, Tier } from '../ports/sandbox.ts';
import { chooseTier } from './choose-tier.ts';
import type { RequiredTiers } from './required-tier.ts';
import { tiersHere } from './tiers-here.ts';

type Level = SandboxReport['level'];

/** A machine of which is known how much each tier can enforce; it notes what it was asked for. */
function machine(
  levels: Partial<Record<Tier, Level>>,
  settings: Partial<{ sandbox: 'require' | 'warn'; tiers: RequiredTiers }> = {},
) {
  const asked: Tier[] = [];
  const sandboxReport = async (tier: Tier): Promise<SandboxReport> => {
    asked.push(tier);
    const level = levels[tier] ?? 'advisory';
    const mechanism = levels[tier] === undefined ? 'none' : tier;
    return {
      level,
      mechanism,
      missing: level === 'enforced' ? [] : [`${tier} is ${level}`],
      hint: `mend ${tier}`,
    };
  };
  const policy = { allow: [], ask: [], deny: [], sandbox: 'warn', ...settings } as const;
  return { asked, settings: { policy, sandboxReport } };
}

const worker = (builtIn: boolean, isolation?: Tier) =>
  ({ builtIn, manifest: { id: 'some', ...(isolation && { isolation }) } }) as unknown as InstalledWorker;

async function tierOf(one: InstalledWorker, { settings }: ReturnType<typeof machine>) {
  const chosen = await chooseTier(one, settings);
  return chosen.ok ? chosen.output.tier : chosen.failure;
}

const TIERS = { builtIn: 'process', signed: 'os', unsigned: 'container' } as const;

describe('[WRK-19] the tier of a worker', () => {
  test('is the weakest that is strong enough, and nothing stronger is tried', async () => {
    const all = machine({ os: 'enforced', container: 'enforced', remote: 'enforced' });
    expect(await tierOf(worker(false), all)).toBe('os');
    expect(await tierOf(worker(true), all)).toBe('os');
    expect(all.asked).toEqual(['os', 'os']);
    expect(await tierOf(worker(false, 'container'), all)).toBe('container');
    expect(await tierOf(worker(false, 'remote'), all)).toBe('remote');
  });

  test('is a stronger one where the one that it needs is missing', async () => {
    expect(await tierOf(worker(false), machine({ container: 'partial' }))).toBe('container');
    expect(await tierOf(worker(false), machine({ remote: 'enforced' }))).toBe('remote');
    expect(await tierOf(worker(false), machine({ remote: 'enforced' }, { tiers: TIERS }))).toBe('remote');
  });

  test('is never a weaker one', async () => {
    expect(await tierOf(worker(false), machine({ os: 'enforced' }, { tiers: TIERS }))).toMatchObject({
      code: 'no_sandbox',
      message: expect.stringContaining(
        'some was not started, because it needs tier 3 (container): container is advisory',
      ),
      hint: 'mend container; or set policy.tiers.unsigned to a weaker tier, unless its manifest asks for container itself',
    });
    expect(await tierOf(worker(true, 'remote'), machine({ container: 'enforced' }))).toMatchObject({
      code: 'no_sandbox',
    });
  });

  test('says of stronger ones only what is wrong with those that somebody has set up', async () => {
    expect(await tierOf(worker(false), machine({ container: 'advisory' }))).toMatchObject({
      details: { missing: ['os is advisory', 'container is advisory'] },
      hint: 'mend os; or mend container',
    });
  });

  test('is for workers in the box the plain process where the system offers nothing', async () => {
    const open = machine({ container: 'enforced' });
    expect(await tierOf(worker(true), open)).toBe('os');
    expect(open.asked).toEqual(['os']);
  });

  test('is only one that enforces everything where the policy requires that', async () => {
    const strict = { sandbox: 'require' } as const;
    expect(await tierOf(worker(true), machine({ container: 'enforced' }, strict))).toBe('container');
    expect(await tierOf(worker(false), machine({ os: 'partial', container: 'enforced' }, strict))).toBe(
      'container',
    );
    expect(await tierOf(worker(false), machine({ os: 'partial' }, strict))).toMatchObject({
      message: 'some was not started, because it cannot be fully confined: os is partial',
      hint: 'mend os, or set policy.sandbox to warn',
    });
  });

  test('is told to people with what the machine offers', async () => {
    expect(
      await tiersHere(machine({ os: 'enforced', container: 'partial' }, { tiers: TIERS }).settings),
    ).toEqual([
      'this machine offers tier 2 (os) and tier 3 (container)',
      'built-in workers need tier 1 (process) and run',
      'signed workers need tier 2 (os) and run',
      'unsigned workers need tier 3 (container) and run',
    ]);
    expect(await tiersHere(machine({}).settings)).toEqual([
      'this machine offers tier 1 (process)',
      'built-in workers need tier 1 (process) and run',
      'signed workers need tier 2 (os) and are refused',
      'unsigned workers need tier 2 (os) and are refused',
    ]);
  });
});
