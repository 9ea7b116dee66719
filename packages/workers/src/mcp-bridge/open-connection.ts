import { AsyncLocalStorage } from 'node:async_hooks';
import type { ActionContext, JsonObject } from '@cadre/sdk';
import { type CallToolResult, Client, type Tool } from '@modelcontextprotocol/client';
import { settingsOf } from './bridge-settings.ts';
import { openHttp } from './open-http.ts';
import { openStdio } from './open-stdio.ts';
import { type Reached, sameReach } from './reached.ts';

/** What is asked of a server. */
export interface Connected {
  /** What it calls itself. */
  readonly server: JsonObject;
  /** Its tools by name; `anew`: whatever was heard before. */
  list(anew: boolean): Promise<ReadonlyMap<string, Tool>>;
  call(tool: Tool, input: JsonObject, context: ActionContext): Promise<CallToolResult>;
}

export interface Connection {
  /** Connects first when there is no connection, or it was for something else. */
  use<T>(context: ActionContext, ask: (connected: Connected) => Promise<T>): Promise<T>;
  /** What the server wrote last on standard error. */
  lastWords(): Promise<string>;
  /** How the server's program ended, where it has. */
  end(): string | undefined;
}

/** What the library sends when a call is stopped is sent for that call, whoever stops it. */
function withinCall(signal: AbortSignal): AbortSignal {
  const own = new AbortController();
  const abort = AsyncLocalStorage.bind(() => own.abort(signal.reason));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return own.signal;
}

/** So old a list of tools may be: a server that changes them need not say so. */
const LIST_MS = 60_000;
/** A server of the earlier protocol may answer what it does not know with silence. */
const PROBE_MS = 5_000;
const MOST_TOOLS = 1_000;

/**
 * Invariants
 * 1. There is one connection; it is made when a call needs it, and made anew when it is gone or was for other variables.
 * 2. Whatever the server reaches or knows was allowed to the call that is under way, also where a call before it was allowed
 *    the same.
 */
export function openConnection(id: string): Connection {
  const underWay = new AsyncLocalStorage<ActionContext>();
  let current:
    | { readonly reached: Reached; readonly client: Client; readonly connected: Connected }
    | undefined;
  let last: Reached | undefined;
  /** What a program writes belongs to no call; it is told of the one that came last. */
  let newest: ActionContext | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function connect(context: ActionContext): Promise<Connected> {
    const settings = settingsOf(context);
    const reached =
      settings.reach.kind === 'stdio'
        ? await openStdio(settings.reach, context)
        : openHttp(id, settings.reach, () => underWay.getStore());
    if (current !== undefined && sameReach(current.reached, reached)) return current.connected;
    const before = current;
    current = undefined;
    await before?.client.close();
    last = reached;
    const client = new Client(
      { name: 'cadre', version: '1.0.0' },
      {
        versionNegotiation: { mode: 'auto', probe: { timeoutMs: Math.min(PROBE_MS, settings.timeoutMs) } },
        inputRequired: { autoFulfill: false },
        listMaxPages: 20,
      },
    );
    const connected = connectedTo(client, settings.timeoutMs);
    client.onclose = () => {
      if (current?.client === client) current = undefined;
    };
    reached.hear((line) => newest?.log('info', line));
    await client.connect(reached.open(), { timeout: settings.timeoutMs, signal: context.signal });
    current = { reached, client, connected };
    return connected;
  }

  return {
    use(context, ask) {
      newest = context;
      return underWay.run(context, async () => {
        // One after the other, or two would start a server each.
        const mine = turn.then(() => connect(context));
        turn = mine.catch(() => undefined);
        const connected = await mine;
        try {
          return await ask(connected);
        } finally {
          // Where the server is told that nobody waits any more, that leaves before the call is over.
          if (context.signal.aborted) await last?.sent();
        }
      });
    },
    lastWords: async () => (await last?.lastWords()) ?? '',
    end: () => last?.end(),
  };

  function connectedTo(client: Client, timeoutMs: number): Connected {
    let listed: { readonly at: number; readonly tools: ReadonlyMap<string, Tool> } | undefined;
    client.setNotificationHandler('notifications/tools/list_changed', () => {
      listed = undefined;
    });
    return {
      get server() {
        const { name = id, version = '' } = client.getServerVersion() ?? {};
        return { name, version };
      },
      async list(anew) {
        if (!anew && listed !== undefined && Date.now() - listed.at < LIST_MS) return listed.tools;
        const { tools } = await client.listTools(undefined, { timeout: timeoutMs, cacheMode: 'refresh' });
        if (tools.length > MOST_TOOLS)
          throw new Error(`it offers ${tools.length} tools; ${MOST_TOOLS} are taken`);
        listed = { at: Date.now(), tools: new Map(tools.map((tool) => [tool.name, tool])) };
        return listed.tools;
      },
      call: (tool, input, { signal, progress }) =>
        client.callTool(
          { name: tool.name, arguments: input },
          {
            signal: withinCall(signal),
            timeout: timeoutMs,
            toolDefinition: tool,
            onprogress: ({ progress: done, total, message }) =>
              progress({
                done,
                ...(total === undefined ? {} : { total }),
                ...(message === undefined ? {} : { label: message }),
              }),
          },
        ) as Promise<CallToolResult>,
    };
  }
}
