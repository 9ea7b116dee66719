import { exactText } from '@cadre/core/history';
import { parseDuration } from '@cadre/kit/format';
import type { App } from '../../app.ts';
import type { LoginState } from '../../ports/logins.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, exitCodeOfError, exitCodeOfInterrupt, failureError, usageError } from '../exit.ts';
import { awaitRedirect } from '../login/await-redirect.ts';
import { openBrowser } from '../login/open-browser.ts';
import { printFailure } from '../show/failure.ts';
import { loginText } from '../show/login-text.ts';
import { withApp } from '../with-app.ts';

export const logIn: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const { io, output } = invocation;
    const { reach } = app.mcpServers.find(name)?.server ?? {};
    const isProgram = reach?.kind === 'http' && reach.auth?.grant === 'client_credentials';
    const made = isProgram
      ? await app.mcpLogins.logIn(name, io.interrupted, undefined)
      : await logInAsPerson(app, name, invocation);
    if (!made.ok) {
      output.document({ error: made.failure });
      printFailure(name, made.failure, output, `cadre mcp login ${name}`);
      return io.interrupted.aborted ? exitCodeOfInterrupt(io) : exitCodeOfError(failureError(made.failure));
    }
    output.document({ login: made.output });
    output.line(`${name}: ${loginText(made.output, app.clock.now())}`);
    return EXIT.ok;
  });

async function logInAsPerson(app: App, name: string, invocation: Invocation) {
  const { io, output } = invocation;
  const { scope, browser, port, wait } = optionsOf(invocation);
  const redirect = await awaitRedirect({
    ...pick(io),
    port,
    waitMs: wait,
    note: (text) => output.note(text),
  });
  const show = (address: URL, at: { readonly issuer: string; readonly scope?: string }) => {
    output.note(`${name} lets you sign in at ${exactText(at.issuer)}`);
    if (at.scope !== undefined) output.note(`it will be asked for: ${exactText(at.scope)}`);
    output.note(`open this in a browser:\n\n  ${address.href}\n`);
    output.note('when the browser is on another machine, paste here the address that it ends at');
    if (browser && io.interactive) void openBrowser(address, io.env);
  };
  const { redirectUrl, state, answer } = redirect;
  try {
    return await app.mcpLogins.logIn(name, io.interrupted, {
      redirectUrl,
      state,
      answer,
      show,
      ...(scope === undefined ? {} : { scope }),
    });
  } finally {
    redirect.close();
  }
}

export const logOut: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const { io, output } = invocation;
    const isOut = await app.mcpLogins.logOut(name, io.interrupted);
    output.document({ server: name, loggedOut: isOut });
    output.line(isOut ? `logged out of ${name}` : `nobody was logged in at ${name}`);
    return EXIT.ok;
  });

export const showServer: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const { output } = invocation;
    const { server, lock, worker } = app.findServer(name);
    const login = await app.mcpLogins.state(name);
    const { permissions } = worker.manifest;
    output.document({
      server: {
        ...server,
        permissions,
        tools: lock?.tools ?? [],
        ...(login === undefined ? {} : { login: login as LoginState }),
      },
    });
    const { reach } = server;
    const lines: readonly (readonly [string, string])[] = [
      ['reached by', reach.kind === 'http' ? reach.url : [reach.command, ...reach.args].join(' ')],
      ['login', login === undefined ? 'none is declared' : loginText(login, app.clock.now())],
      ['timeout', server.timeout],
      ['permissions', permissions.join(' ')],
      ['tools', lock === undefined ? 'not accepted yet' : lock.tools.map(({ action }) => action).join(' ')],
    ];
    output.line(output.colours.bold(name));
    for (const [title, value] of lines) output.line(`  ${title.padEnd(11)} ${exactText(value)}`);
    return EXIT.ok;
  });

function pick({ stdin, interrupted }: Invocation['io']) {
  return { stdin, interrupted };
}

function optionsOf({ options }: Invocation) {
  const { scope, browser = true, port = '0', wait = '5m' } = options;
  const number = Number(port);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw usageError(
      `--port is a number up to 65535, and not ${String(port)}`,
      'cadre mcp login NAME --port 8400',
    );
  return {
    browser: browser !== false,
    port: number,
    wait: parseDuration(String(wait)),
    scope: typeof scope === 'string' ? scope : undefined,
  };
}
