import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigSchema } from '../../src/config.ts';
import { useLimits } from '../../src/use-limits.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guide/sandboxing.md'), 'utf8');
const settings = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) =>
  ConfigSchema.parse(parse(text)),
);

test('[WRK-23] the settings in the guide on sandboxing are settings, and mean what stands beside them', () => {
  expect(settings.find(({ policy }) => policy.sandbox === 'require')?.policy).toMatchObject({
    tiers: { builtIn: 'process', signed: 'os', unsigned: 'os' },
  });
  const limited = settings.find(({ policy }) => policy.limits.cpu !== undefined);
  expect(settings.find(({ sandbox }) => sandbox.container.engine !== undefined)?.sandbox.container).toEqual({
    engine: 'podman',
    runtime: 'runsc',
    image: 'localhost/tools:1',
  });
  expect(limited && useLimits(limited)).toEqual({
    cpuMs: 600_000,
    memoryBytes: 4 * 1024 ** 3,
    processes: 512,
    openFiles: 4_096,
    diskBytes: 2 * 1024 ** 3,
    outputBytes: 64 * 1024 ** 2,
  });
});

test('[WRK-19] what the guide calls the usual tiers are the usual ones, and unsigned workers never run in the open', () => {
  expect(ConfigSchema.parse({}).policy.tiers).toEqual({ builtIn: 'process', signed: 'os', unsigned: 'os' });
  expect(ConfigSchema.safeParse({ policy: { tiers: { unsigned: 'process' } } }).success).toBe(false);
});

test('[WRK-19] the way to another machine in the guide is a setting, with the defaults that stand beside it', () => {
  const usual = ConfigSchema.parse({}).sandbox.remote;
  const remote = settings.find(({ sandbox }) => sandbox.remote.command !== undefined)?.sandbox.remote;
  expect(remote).toEqual({ ...usual, command: expect.arrayContaining(['ssh', '-T']) as string[] });
  expect(usual.command).toBeUndefined();
});
