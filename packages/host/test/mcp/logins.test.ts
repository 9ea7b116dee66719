import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type TemporaryPlace, temporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { describeSandboxed } from '../sandboxed.ts';
import { type AuthorizationServer, authorizationServer, guardedClock } from './authorization-server.ts';
import { environment, MAIN, overStdio } from './cadre-process.ts';
import { accept, calling, declared, grant } from './clock-place.ts';
import { endOf, follow, startLogin } from './login-process.ts';

type Clock = Awaited<ReturnType<typeof guardedClock>>;

const netOf = ({ port }: { readonly port: number }) => `net:127.0.0.1:${port}`;

/** A repository with the guarded clock, whose authorization server may be reached. */
async function placeFor(
  authority: AuthorizationServer,
  clock: Clock,
  auth = '{}',
  more: readonly string[] = [],
): Promise<TemporaryPlace> {
  const permissions = JSON.stringify([netOf(authority), ...more]);
  const spec = `{ url: "http://127.0.0.1:${clock.port}/mcp", auth: ${auth}, permissions: ${permissions} }`;
  const place = temporaryPlace({
    '.cadre/mcp/clock.yaml': declared(spec),
    '.cadre/workflows/call.yaml': calling('clock/get-time'),
  });
  await grant(place, [netOf(authority), netOf(clock)]);
  return place;
}

async function logIn(place: TemporaryPlace, argv: readonly string[] = []): Promise<string> {
  const login = startLogin(place, argv);
  await follow(await login.address());
  const { code, said } = await login.ended();
  expect({ code, said }).toMatchObject({ code: 0 });
  return said;
}

const filesIn = ({ home }: Pick<TemporaryPlace, 'home'>) => {
  const folder = join(home, 'mcp-logins');
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
};

const entryIn = (place: TemporaryPlace) =>
  JSON.parse(readFileSync(join(place.home, 'mcp-logins', filesIn(place)[0] ?? ''), 'utf8')) as {
    expiresAt: number;
    tokens: { access_token: string; refresh_token?: string };
  };

describeSandboxed('a login at an MCP server', () => {
  test('[WRK-22] is made in a browser, and what comes of it is put into requests at the edge and seen by nobody', async () => {
    const authority = await authorizationServer();
    const clock = await guardedClock(authority);
    const place = await placeFor(authority, clock);
    const before = await place.cadre('mcp', 'accept', 'clock');
    expect(before.stdout).toMatch(
      /nobody is logged in at the MCP server clock \[not_configured\][\s\S]*cadre mcp login clock/,
    );

    const said = await logIn(place, ['--no-browser']);
    expect(said).toMatch(/clock: logged in at http:\/\/127\.0\.0\.1:\d+, renewed by itself/);
    expect(authority.registered).toMatchObject([
      { client_name: 'Cadre', token_endpoint_auth_method: 'none', application_type: 'native' },
    ]);

    await accept(place.cadre);
    const ran = await place.cadre('run', 'call', '--yes', '--json');
    expect(ran.stdout).toContain('12:00, Bearer ***');
    const { access_token: token, refresh_token: renewal = '' } = entryIn(place).tokens;
    expect(clock.seen).toContain(token);
    const told = [
      said,
      ran.stdout,
      ran.stderr,
      ...(await Promise.all(
        [
          ['audit', 'export'],
          ['logs', 'last'],
          ['show', 'last', '--events'],
          ['mcp', 'show', 'clock', '--json'],
        ].map(async (argv) => {
          const { stdout, stderr } = await place.cadre(...argv);
          return stdout + stderr;
        }),
      )),
      readFileSync(join(place.folder, '.cadre/mcp/clock.lock.json'), 'utf8'),
    ];
    for (const text of told) for (const secret of [token, renewal]) expect(text).not.toContain(secret);
    const [file = ''] = filesIn(place);
    expect(statSync(join(place.home, 'mcp-logins', file)).mode & 0o077).toBe(0);
    expect(statSync(join(place.home, 'mcp-logins')).mode & 0o077).toBe(0);
    expect((await place.cadre('mcp', 'list')).stdout).toContain('1 tools accepted, logged in');

    expect((await place.cadre('mcp', 'logout', 'clock')).stdout).toContain('logged out of clock');
    expect(authority.asked).toContain('POST /revoke');
    expect(filesIn(place)).toEqual([]);
    expect((await place.cadre('run', 'call', '--yes', '--json')).stdout).toMatch(
      /not_configured.*nobody is logged in.*cadre mcp login clock/s,
    );
    expect((await place.cadre('mcp', 'logout', 'clock')).stdout).toContain('nobody was logged in');
  }, 120_000);

  test('ends by pasting the address where the browser is on another machine, and nothing else that is pasted', async () => {
    const authority = await authorizationServer();
    const place = await placeFor(authority, await guardedClock(authority));
    const login = startLogin(place);
    const end = await endOf(await login.address());
    const forged = new URL(end);
    forged.searchParams.set('state', 'another');
    expect((await fetch(forged)).status).toBe(404);
    login.type(forged.href);
    login.type('not an address');
    login.type(end.href);
    expect(await login.ended()).toMatchObject({
      code: 0,
      said: expect.stringMatching(/not the address at which this sign-in ended[\s\S]*logged in at/),
    });
    writeFileSync(join(place.home, 'mcp-logins', filesIn(place)[0] ?? ''), '{');
    expect((await place.cadre('mcp', 'accept', 'clock')).stdout).toMatch(
      /a login at an MCP server cannot be read[\s\S]*\[config_corrupt\][\s\S]*mend or remove it/,
    );
  }, 60_000);

  test('belongs to who made it: another principal needs a grant, and another repository a login', async () => {
    const authority = await authorizationServer();
    const clock = await guardedClock(authority);
    const place = await placeFor(authority, clock);
    await logIn(place);
    await accept(place.cadre);
    await place.cadre('config', 'set', 'mcp.tools', '["action:clock/*"]');
    await grant(place, [netOf(clock)], '--for', 'mcp:editor');
    const editor = await overStdio(place, '2025', '--as', 'editor');
    const asked = await editor.callTool({ name: 'clock_get_time', arguments: {} });
    expect(JSON.stringify(asked)).toMatch(
      /cadre grant add clock secret:login\/clock@127\.0\.0\.1:\d+ --for mcp:editor/,
    );
    const other = temporaryPlace({
      '.cadre/mcp/clock.yaml': readFileSync(join(place.folder, '.cadre/mcp/clock.yaml'), 'utf8'),
    });
    const there: TemporaryPlace['cadre'] = (...argv) => other.cadreWith({ CADRE_HOME: place.home }, ...argv);
    await grant({ cadre: there }, [
      netOf(authority),
      netOf(clock),
      `secret:login/clock@127.0.0.1:${clock.port}`,
    ]);
    expect((await there('mcp', 'accept', 'clock')).stdout).toMatch(/nobody is logged in/);
  }, 90_000);

  test('is renewed when it has run out or counts no more, once for all processes that need it', async () => {
    const authority = await authorizationServer({ expiresIn: 0 });
    const clock = await guardedClock(authority);
    const place = await placeFor(authority, clock);
    await logIn(place);
    await accept(place.cadre);
    // It has run out as soon as it is there: each call renews it. What renews counts once, so they have to take turns.
    const renewals = () => authority.asked.filter((one) => one === 'POST /token refresh_token').length;
    const before = renewals();
    const options = { cwd: place.folder, env: environment(place) };
    const both = await Promise.all(
      [1, 2].map(() => promisify(execFile)(process.execPath, [MAIN, 'mcp', 'accept', 'clock'], options)),
    );
    for (const { stdout } of both) expect(stdout).toContain('offers what was accepted');
    expect(renewals()).toBeGreaterThan(before + 1);
    authority.forget('access');
    expect((await place.cadre('run', 'call', '--yes', '--json')).stdout).toContain('12:00');
    authority.forget('access');
    authority.forget('refresh');
    expect((await place.cadre('run', 'call', '--yes', '--json')).stdout).toMatch(
      /has ended, and cannot be renewed.*cadre mcp login clock/s,
    );
    expect(filesIn(place)).toEqual([]);
  }, 120_000);

  test('that was taken back before its end is renewed within the call that finds out', async () => {
    const authority = await authorizationServer();
    const place = await placeFor(authority, await guardedClock(authority));
    await logIn(place);
    await accept(place.cadre);
    authority.forget('access');
    expect((await place.cadre('run', 'call', '--yes', '--json')).stdout).toContain('12:00');
    expect(authority.asked.filter((one) => one === 'POST /token refresh_token')).toHaveLength(1);
  }, 60_000);

  test('of a program is made whenever it is needed, with a secret that goes to its issuer alone', async () => {
    const authority = await authorizationServer({ clients: { robot: 'hunter2-robot' } });
    const clock = await guardedClock(authority);
    const auth = `{ grant: client_credentials, issuer: "${authority.issuer}", clientId: robot, clientSecret: "secret:ROBOT" }`;
    const { cadreWith, ...place } = await placeFor(authority, clock, auth);
    const cadre: TemporaryPlace['cadre'] = (...argv) =>
      cadreWith({ CADRE_SECRET_ROBOT: 'hunter2-robot' }, ...argv);
    await grant({ cadre }, [`secret:login/clock@127.0.0.1:${clock.port}`]);
    expect((await cadre('mcp', 'accept', 'clock')).stdout).toMatch(
      /cadre grant add clock secret:ROBOT@127\.0\.0\.1:\d+/,
    );
    await grant({ cadre }, [`secret:ROBOT@127.0.0.1:${authority.port}`]);
    await accept(cadre);
    expect((await cadre('run', 'call', '--yes', '--json')).stdout).toContain('12:00');
    expect(authority.registered).toEqual([]);
    const { stdout } = await cadre('audit', 'export');
    expect(
      stdout + readFileSync(join(place.home, 'mcp-logins', filesIn(place)[0] ?? ''), 'utf8'),
    ).not.toContain('hunter2');
    expect((await cadre('mcp', 'list')).stdout).toContain('1 tools accepted, logged in');
    expect((await cadre('mcp', 'show', 'clock')).stdout).toContain('renewed by itself');
  }, 90_000);
});

describeSandboxed('a server that lies about where one signs in', () => {
  const elsewhere = (host: string) => [`http://${host}`];
  const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    [
      'says that tokens are for another server',
      { resource: 'https://bank.example.org/mcp' },
      /does not match/,
    ],
    [
      'names an authorization server without https',
      { authorization_servers: elsewhere('auth.example.org') },
      /without|https alone/,
    ],
    [
      'names one at the metadata service of a cloud',
      { authorization_servers: ['https://169.254.169.254'] },
      /169\.254\.169\.254.*refused|private network/,
    ],
    ['names one in the private network', { authorization_servers: ['https://10.0.0.1'] }, /10\.0\.0\.1/],
  ];
  test.each(cases)(
    'is refused when it %s',
    async (_what, metadata, message) => {
      const authority = await authorizationServer();
      const clock = await guardedClock(authority, () => metadata);
      const place = await placeFor(authority, clock);
      const { code, said } = await startLogin(place).ended();
      expect(said).toMatch(message);
      expect(code).not.toBe(0);
      // Who it is may have been asked, and nothing else.
      expect(authority.asked.filter((one) => !one.startsWith('GET /.well-known/'))).toEqual([]);
    },
    60_000,
  );

  test('is refused when what it leads to lies in the private network, or leads on', async () => {
    const authority = await authorizationServer({ redirects: { '/elsewhere': 'https://10.0.0.2/metadata' } });
    for (const where of ['https://10.0.0.1/metadata', `${authority.issuer}/elsewhere`]) {
      const clock = await guardedClock(authority, undefined, () => where);
      const { code, said } = await startLogin(await placeFor(authority, clock)).ended();
      expect(code).not.toBe(0);
      expect(said).not.toContain('open this in a browser');
    }
  }, 60_000);
});

describeSandboxed('an authorization server that is not what it says', () => {
  const cases: readonly (readonly [string, Parameters<typeof authorizationServer>[0], RegExp])[] = [
    [
      'calls itself another one',
      { metadata: () => ({ issuer: 'https://bank.example.org' }) },
      /another authorization server/,
    ],
    [
      'does not protect its codes',
      { metadata: () => ({ code_challenge_methods_supported: ['plain'] }) },
      /PKCE/,
    ],
    [
      'says nothing of protecting its codes',
      { metadata: () => ({ code_challenge_methods_supported: undefined }) },
      /PKCE/,
    ],
    [
      'lets people sign in without https',
      { metadata: () => ({ authorization_endpoint: 'http://auth.example.org/' }) },
      /without https/,
    ],
    [
      'registers in the private network',
      { metadata: () => ({ registration_endpoint: 'https://192.168.0.1/' }) },
      /192\.168\.0\.1/,
    ],
    ['registers nobody', { registers: false }, /spec\.auth\.clientId/],
  ];
  test.each(cases)(
    'is refused before anybody is sent there: it %s',
    async (_what, wishes, message) => {
      const authority = await authorizationServer(wishes);
      const place = await placeFor(authority, await guardedClock(authority));
      const { code, said } = await startLogin(place).ended();
      expect(said).toMatch(message);
      expect(said).not.toContain('open this in a browser');
      expect(code).not.toBe(0);
      expect(filesIn(place)).toEqual([]);
    },
    60_000,
  );

  const answers: readonly (readonly [string, Parameters<typeof authorizationServer>[0], RegExp])[] = [
    [
      'answers in the name of another one',
      { answer: { iss: 'https://bank.example.org' } },
      /another authorization server/,
    ],
    ['does not say who answers', { answer: { iss: undefined } }, /another authorization server/],
    ['refuses', { answer: { code: undefined, error: 'access_denied' } }, /access_denied/],
    [
      'takes tokens in the private network',
      { metadata: () => ({ token_endpoint: 'https://10.0.0.1/token' }) },
      /10\.0\.0\.1/,
    ],
    [
      'leads the code on to another place',
      { redirects: { '/token': 'https://bank.example.org/token' } },
      /could be logged in/,
    ],
  ];
  test.each(answers)(
    'gets no code from us, and gives no token: it %s',
    async (_what, wishes, message) => {
      const authority = await authorizationServer(wishes);
      const place = await placeFor(authority, await guardedClock(authority));
      const login = startLogin(place);
      await follow(await login.address());
      const { code, said } = await login.ended();
      expect(said).toMatch(message);
      expect(said).not.toContain('bank.example.org');
      expect(code).not.toBe(0);
      expect(filesIn(place)).toEqual([]);
    },
    60_000,
  );

  test('is refused when another one was declared', async () => {
    const authority = await authorizationServer();
    const clock = await guardedClock(authority);
    const place = await placeFor(authority, clock, '{ issuer: "https://auth.example.org" }');
    expect((await startLogin(place).ended()).said).toMatch(
      /https:\/\/auth\.example\.org is the one that counts/,
    );
    expect(authority.registered).toEqual([]);
  }, 60_000);
});

test('a server without a login, and a wrong port, say what to do', async () => {
  const place = temporaryPlace({
    '.cadre/mcp/clock.yaml': declared('{ url: "http://127.0.0.1:1/mcp" }'),
    '.cadre/mcp/local.yaml': declared('{ command: node }', 'local'),
  });
  expect((await place.cadre('mcp', 'login', 'clock')).stderr).toMatch(/`auth: {}` under spec/);
  expect((await place.cadre('mcp', 'login', 'local')).stderr).toMatch(/spec\.env/);
  expect((await place.cadre('mcp', 'login', 'clock', '--port', 'x')).stderr).toMatch(/--port is a number/);
  expect((await place.cadre('mcp', 'show', 'clock')).stdout).toMatch(/login +none is declared/);
});
