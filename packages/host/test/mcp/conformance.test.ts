import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findProgram, isInstalled } from '../../../../scripts/installed-program.ts';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { machine } from '../sandboxed.ts';
import { environment, MAIN, serveMcp } from './cadre-process.ts';
import { accept, declared } from './clock-place.ts';

const fixture = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/mcp', name), 'utf8');

type Reasons = Readonly<Record<string, string>>;
const EXPECTED = parse(readFileSync(join(import.meta.dirname, 'expected-failures.yaml'), 'utf8')) as Readonly<
  Record<'both' | '2025-11-25' | '2026-07-28', Reasons>
>;

const LACKS = ['conformance', 'inspector'].filter((program) => !isInstalled(program));
const isAble = LACKS.length === 0 && machine.level !== 'advisory';

/** Loudly by name: with CI=true a missing program is a fault already. */
const title = (name: string) =>
  isAble
    ? name
    : `${name} (SKIPPED: ${[...LACKS.map((one) => `no ${one}, npm run test-tools`), ...machine.missing].join('; ')})`;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runTool(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const script = findProgram(program) ?? '';
  const options = { env: { ...env, NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024, cwd: env['HOME'] };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, ...args], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}

/** The tools that the suite calls, as servers whose names make the names that it wants. */
const SERVERS = ['simple', 'image', 'audio', 'embedded', 'multiple', 'error', 'tool'];

async function conformancePlace(): Promise<TemporaryPlace> {
  const spec = (name: string) =>
    `{ command: node, args: [tools/tools.mjs, ${name}], permissions: ["fs:read:tools"] }`;
  const place = temporaryPlace({
    'tools/tools.mjs': fixture('conformance-tools.mjs'),
    ...Object.fromEntries(
      SERVERS.map((name) => [`.cadre/mcp/test-${name}.yaml`, declared(spec(name), `test-${name}`)]),
    ),
  });
  for (const name of SERVERS) {
    for (const permission of ['shell:node', 'fs:read:tools']) {
      await place.cadre('grant', 'add', `test-${name}`, permission);
      await place.cadre('grant', 'add', `test-${name}`, permission, '--for', 'mcp:http');
    }
    await accept(place.cadre, `test-${name}`);
  }
  return place;
}

describe.skipIf(!isAble)(title('the public conformance suite'), () => {
  test('[WRK-57] finds nothing in Cadre as a server that is not expected and explained, in either protocol', async () => {
    const place = await conformancePlace();
    const url = await serveMcp(place);
    const env = { ...environment(place), HOME: place.home };
    for (const revision of ['2025-11-25', '2026-07-28'] as const) {
      const baseline = join(place.home, `${revision}.yaml`);
      const expected = { ...EXPECTED.both, ...EXPECTED[revision] };
      for (const reason of Object.values(expected)) expect(reason.length).toBeGreaterThan(30);
      writeFileSync(baseline, JSON.stringify({ server: Object.keys(expected) }));
      const args = ['server', '--url', url, '--requirements', revision, '--expected-failures', baseline];
      const { code, stdout, stderr } = await runTool('conformance', args, env);
      expect({ code, revision, said: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({
        code: 0,
        revision,
        said: '',
      });
      for (const scenario of [
        'tools-list',
        'tools-call-simple-text',
        'tools-call-image',
        'tools-call-with-progress',
        'dns-rebinding-protection',
      ])
        expect(stdout).toContain(`✓ ${scenario}:`);
    }
  }, 300_000);

  test.each([
    ['initialize', '2025-11-25'],
    ['tools_call', '2025-11-25'],
    ['tools_call', '2026-07-28'],
    ['request-metadata', '2026-07-28'],
    ['http-standard-headers', '2026-07-28'],
    ['json-schema-ref-no-deref', '2026-07-28'],
    ['json-schema-2020-12-preservation', '2026-07-28'],
  ])(
    'finds nothing in Cadre as a client: %s of %s',
    async (scenario, version) => {
      const place = temporaryPlace({});
      const client = `${process.execPath} ${join(import.meta.dirname, 'conformance-client.ts')}`;
      const args = ['client', '--command', client, '--scenario', scenario, '--spec-version', version];
      const { code, stdout, stderr } = await runTool('conformance', args, {
        ...environment(place, { CADRE_MAIN: MAIN, CADRE_WORKSPACE: place.folder }),
      });
      expect({ code, said: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
    },
    120_000,
  );
});

describe.skipIf(!isAble)(title('the public inspector'), () => {
  test('lists, calls and reads what Cadre offers, on standard output and over HTTP', async () => {
    const place = temporaryPlace({});
    const env = { ...environment(place), HOME: place.home };
    const url = await serveMcp(place);
    const ask = async (target: readonly string[], ...more: readonly string[]) => {
      const { code, stdout, stderr } = await runTool('inspector', ['--cli', ...target, ...more], env);
      expect({ code, said: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    const started = ['--cwd', place.folder, '-e', `CADRE_HOME=${place.home}`, process.execPath, MAIN, 'mcp'];
    for (const target of [[url, '--transport', 'http'], started]) {
      const { tools } = await ask(target, '--method', 'tools/list');
      expect(tools).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'git_status' })]));
      const called = await ask(target, '--method', 'tools/call', '--tool-name', 'git_status');
      expect(called).toMatchObject({ structuredContent: { branch: 'work' } });
      expect(await ask(target, '--method', 'resources/list')).toMatchObject({ resources: [] });
    }
  }, 180_000);
});
