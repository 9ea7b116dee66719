import { plainText } from '@cadre/core/history';
import type { App } from '../../app.ts';
import type { LoginState } from '../../ports/logins.ts';
import type { CommandHandler, Invocation } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { openQuestions } from '../questions.ts';
import { printFailure } from '../show/failure.ts';
import { printTable } from '../show/table.ts';
import { tellReload } from '../show/tell-reload.ts';
import { printToolChanges } from '../show/tool-changes.ts';
import { VERSION } from '../version.ts';
import { withApp } from '../with-app.ts';

/** Stays until the client that started it closes standard input. Whatever there is to say goes to standard error. */
export const serveMcp: CommandHandler = (given) => {
  const { as: name = 'local' } = given.options;
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name)) {
    throw usageError('--as is a name of letters, digits, dots and dashes', 'cadre mcp --as editor');
  }
  // Nobody can be asked at a terminal that speaks the protocol.
  const invocation = { ...given, io: { ...given.io, stdin: given.io.stdin, interactive: false } };
  return withApp(invocation, async (app) => {
    const { serveMcpStdio } = await import('../../mcp/serve-stdio.ts');
    const { stdin, stdout, interrupted } = given.io;
    const endReloads = await app.reloadWorkers(tellReload(given));
    await serveMcpStdio(
      { app, version: VERSION, principal: `mcp:${name}` },
      { stdin, stdout },
      interrupted,
      (error) => app.log.error('an MCP request failed', { error: String(error) }),
    );
    await endReloads();
    return EXIT.ok;
  });
};

export const listServers: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const servers = app.mcpServers.list();
    const logins = new Map<string, LoginState>();
    for (const { name } of servers) {
      const login = await app.mcpLogins.state(name);
      if (login !== undefined) logins.set(name, login);
    }
    const rows = servers.map((one) =>
      'declared' in one
        ? [
            one.name,
            placeOf(one.declared),
            [stateOf(one.declared), ...textsOf(logins.get(one.name))].join(', '),
            actionsOf(one.declared),
          ]
        : [one.name, '', 'cannot be used', plainText(one.problems[0]?.message ?? '')],
    );
    output.document({
      servers: servers.map((one) =>
        'declared' in one
          ? {
              name: one.name,
              reach: one.declared.server.reach,
              tools: one.declared.lock?.tools ?? [],
              ...loginOf(logins.get(one.name)),
            }
          : one,
      ),
    });
    if (servers.length === 0) output.line('No MCP servers: declare one in .cadre/mcp/NAME.yaml.');
    printTable(['server', 'reached by', 'state', 'actions?'], rows, output);
    return EXIT.ok;
  });

function textsOf(login: LoginState | undefined): readonly string[] {
  if (login === undefined) return [];
  return [login.issuer === undefined ? 'not logged in' : 'logged in'];
}

function loginOf(login: LoginState | undefined) {
  return login === undefined ? {} : { login };
}

type Declared = Extract<ReturnType<App['mcpServers']['list']>[number], { declared: unknown }>['declared'];

function placeOf({ server: { reach } }: Declared): string {
  return reach.kind === 'http' ? reach.url : [reach.command, ...reach.args].join(' ');
}

function stateOf({ lock }: Declared): string {
  return lock === undefined ? 'not accepted yet' : `${lock.tools.length} tools accepted`;
}

function actionsOf({ lock }: Declared): string {
  return (lock?.tools ?? []).map(({ action }) => action).join(' ');
}

export const acceptTools: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [name = ''] = invocation.arguments;
    const { output } = invocation;
    const asked = await app.askForTools(name);
    if (!asked.ok) {
      output.document({ error: asked.failure });
      printFailure(name, asked.failure, output, `cadre mcp accept ${name}`);
      return asked.failure.code === 'denied' ? EXIT.refused : EXIT.failed;
    }
    const offered = asked.output;
    const { changes, hash, tools } = offered;
    if (changes.length === 0) {
      output.document({ server: name, hash, changes: [], accepted: true });
      output.line(`${name} offers what was accepted: ${tools.length} tools.`);
      return EXIT.ok;
    }
    printToolChanges(name, changes, output);
    if (!(await isAccepted(name, hash, invocation))) {
      output.document({ server: name, hash, changes, accepted: false });
      output.line(
        `\nNothing was accepted. Accept what is shown here: cadre mcp accept ${name} --accept ${hash}`,
      );
      return EXIT.refused;
    }
    const file = await app.acceptTools(name, offered);
    output.document({ server: name, hash, changes, accepted: true, file });
    output.line(`\nAccepted ${tools.length} tools; commit ${file.slice(app.place.root.length + 1)}`);
    return EXIT.ok;
  });

/** By its hash where that was said, and otherwise by who sits there. */
async function isAccepted(name: string, hash: string, { io, options, output }: Invocation): Promise<boolean> {
  const { accept } = options;
  if (typeof accept === 'string') {
    if (accept !== hash) output.note(`${name} offers ${hash} now, and not ${accept}`);
    return accept === hash;
  }
  if (!io.interactive || output.json) return false;
  return (await openQuestions(io)).yes(`Accept these tools of ${name}?`, false);
}
