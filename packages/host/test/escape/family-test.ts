import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer as createWeb } from 'node:http';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../src/cli/version.ts';
import { USUAL_TIERS } from '../../src/gate/required-tier.ts';
import type { ActionRunner } from '../../src/ports/action-runner.ts';
import type { Gate } from '../../src/ports/gate.ts';
import type { Tier } from '../../src/ports/sandbox.ts';
import { openContainerSandbox } from '../../src/sandboxes/container/open-container-sandbox.ts';
import { openSandbox } from '../../src/sandboxes/open-sandbox.ts';
import { openSandboxes } from '../../src/sandboxes/open-sandboxes.ts';
import { openRemoteSandbox } from '../../src/sandboxes/remote/open-remote-sandbox.ts';
import { besideRunner } from '../../src/testing/beside-runner.ts';
import { openRunner } from '../../src/workers/open-runner.ts';
import { describeContained } from '../contained.ts';
import { type GateFixture, gateFixture } from '../gate-fixture.ts';
import { sandboxHostCommand } from '../remote-fixture.ts';
import { describeSandboxed } from '../sandboxed.ts';
import type { Attempt, Family, Surroundings } from './attempt.ts';

/** What the web server of the host answers; the canary of a fetch that went too far. */
export const REDIRECTS: Readonly<Record<string, (port: number) => string>> = {
  '/metadata': () => 'http://169.254.169.254/latest/meta-data/',
  '/loopback6': () => 'http://[::1]:1/',
  '/file': () => 'file:///etc/passwd',
  '/name': () => 'http://evil.example.test/',
};

/** How a tier is called behind the title of a family, and where it can be tried. */
const TIERS = {
  os: { suffix: '', describe: describeSandboxed },
  container: { suffix: ', in a container', describe: describeContained },
  remote: { suffix: ', on another machine', describe: describeSandboxed },
} as const;

/** Tries each way of a family out, through the gate and with a record, as any call of a worker goes. */
export function familyTest(
  { title, attempts, workers: others = [], limits = {} }: Family,
  tier: keyof typeof TIERS = 'os',
): void {
  let fixture: GateFixture;
  let around: Surroundings;
  let gate: Gate;
  let runner: ActionRunner;
  let victim: ChildProcess;
  let closeSandbox: (() => Promise<void>) | undefined;
  const { temporaryBytes: _, ...farLimits } = limits;
  const servers: Server[] = [];

  function listening(
    server: Server,
    where: { path: string } | { host: string; port: number },
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      servers.push(server);
      server.once('error', reject);
      server.listen(where, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  }
  const listener = () => createServer((socket) => socket.end('reached'));

  beforeAll(async () => {
    fixture = await gateFixture('escaper', ...others);
    const { workspace, dataDir, workers } = fixture;
    const canary = `canary-${process.pid}-${process.hrtime.bigint()}`;
    const abstract = `cadre-escape-${process.pid}`;
    const outside = join(dataDir, '..', 'outside');
    await mkdir(outside);
    await mkdir(join(workspace, '.git/hooks'), { recursive: true });
    await mkdir(join(workspace, '.cadre'));
    await writeFile(join(workspace, '.git/config'), '');
    await writeFile(join(workspace, 'readable.txt'), 'read');
    await writeFile(join(dataDir, 'cadre.db'), canary);
    await writeFile(join(outside, 'secret.txt'), canary);
    await symlink(join(outside, 'secret.txt'), join(workspace, 'planted'));
    await symlink(outside, join(workspace, 'planted-folder'));
    victim = spawn('/bin/sh', ['-c', `sleep 1000; : ${canary}`], {
      env: { CANARY: canary },
      stdio: 'ignore',
      detached: true,
    });
    const web = await listening(
      createWeb((incoming, response) => {
        const target = REDIRECTS[incoming.url ?? ''];
        if (target !== undefined) response.writeHead(307, { location: target(0) }).end();
        else response.end(`${canary} ${JSON.stringify(incoming.headers)}`);
      }),
      { host: '127.0.0.1', port: 0 },
    );
    await listening(listener(), { path: `\0${abstract}` });
    await listening(listener(), { path: join(outside, 'listener.sock') });
    around = {
      canary,
      abstract,
      workspace,
      dataDir,
      workers,
      outside,
      victim: victim.pid ?? 0,
      web,
      port: await listening(listener(), { host: '0.0.0.0', port: 0 }),
      port6: await listening(listener(), { host: '::1', port: 0 }).catch(() => 1),
      address: ownAddress(),
    };
    const environment = { ...process.env, CANARY: canary, CADRE_SECRET_TOKEN: canary };
    const sandbox = openSandboxes({
      os: openSandbox({ workspace, environment, limits }),
      container: openContainerSandbox({ workspace, environment, limits }),
      remote: openRemoteSandbox({
        command: sandboxHostCommand(join(dataDir, '..', 'far')),
        version: VERSION,
        workspace,
        folder: join(dataDir, '..', 'spool'),
        environment,
        limits: farLimits,
        carried: { files: 10_000, bytes: 100 * 1024 ** 2 },
      }),
    });
    closeSandbox = async () => sandbox.close?.();
    runner = openRunner({
      ...besideRunner(),
      builtInFolder: workers,
      workspace,
      sandbox,
      times: { graceMs: 300 },
    });
    const allow = [`net:127.0.0.1:${web}`, 'net:local*:*', 'net:*.allowed.test:*', 'net:[*]:*'];
    const sandboxReport = (asked: Tier) => sandbox.probe(asked);
    gate = fixture.newGate({
      runner,
      environment,
      sandboxReport,
      policy: { allow, ask: [], deny: [], sandbox: 'warn', tiers: { ...USUAL_TIERS, builtIn: tier } },
    });
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    if (victim?.pid !== undefined) process.kill(-victim.pid, 'SIGKILL');
    await runner?.close();
    await closeSandbox?.();
    await fixture?.remove();
  });

  const tried = attempts.filter(({ afar }) => tier !== 'remote' || afar !== 'not tried');
  TIERS[tier]
    .describe(`${title}${TIERS[tier].suffix}`, () => {
      test.each(
        tried.map((attempt) => [`${attempt.name} (${attempt.as})`, attempt] as const),
      )('[WRK-19] [WRK-21] it cannot %s', async (_name, attempt) => {
        const before = (await fixture.audited()).length;
        const performed = await fixture.perform(gate, `escaper/${attempt.as}`, attempt.input(around));
        const record = (await fixture.audited()).slice(before);
        const { outcome } = performed;
        expect(outcome).toMatchObject(expected(attempt, tier));
        // Neither by the worker, nor by what the host saw when it looked at what had changed.
        expect(JSON.stringify([performed, fixture.logs])).not.toContain(around.canary);
        // Whatever it was, it stands there who called what and how that ended.
        expect(record).toContainEqual(
          expect.objectContaining({ operation: 'call', decision: 'allowed', worker: 'escaper' }),
        );
        if (attempt.seen !== undefined && Object.keys(attempt.seen).length > 0) {
          expect(record).toContainEqual(expect.objectContaining({ decision: 'denied', ...attempt.seen }));
        }
        await attempt.also?.(around, outcome, record);
      });
    });
}

function expected({ code: known, afar }: Attempt, tier: keyof typeof TIERS) {
  const code = tier === 'remote' ? (afar ?? known) : known;
  return code === undefined ? { ok: true, output: { got: null } } : { ok: false, failure: { code } };
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}
