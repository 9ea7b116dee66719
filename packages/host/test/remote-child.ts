import { VERSION } from '../src/cli/version.ts';
import { openRemoteSandbox } from '../src/sandboxes/remote/open-remote-sandbox.ts';
import { besideRunner } from '../src/testing/beside-runner.ts';
import { openRunner } from '../src/workers/open-runner.ts';
import { type RemoteFixture, sandboxHostCommand } from './remote-fixture.ts';
import { fixtureCall } from './worker-fixture.ts';

/** A Cadre with a call under way on another machine, to be killed: it says so, and waits. */
const fixture = JSON.parse(process.argv[2] ?? '') as RemoteFixture;
const { workspace, dataDir, workers, hostFolder } = fixture;
const sandbox = openRemoteSandbox({
  command: sandboxHostCommand(hostFolder),
  version: VERSION,
  workspace,
  folder: `${dataDir}/spool`,
  environment: process.env,
  limits: {},
  carried: { files: 1_000, bytes: 1_000_000 },
});
const runner = openRunner({ ...besideRunner(), builtInFolder: workers, workspace, sandbox });
await runner.perform(
  fixtureCall(fixture, { worker: 'polite', version: '1.2.0', action: 'slow', input: {}, tier: 'remote' }),
  new AbortController().signal,
  {
    log: () => process.stdout.write('under way\n'),
    progress: () => {},
    spend: () => {},
    measure: () => {},
    effect: () => {},
    request: async () => ({ ok: true, output: true }),
  },
);
