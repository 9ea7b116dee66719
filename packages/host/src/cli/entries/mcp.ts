import type { CommandEntry } from '../command.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';

const servers = () => import('../commands/mcp.ts');
const logins = () => import('../commands/mcp-login.ts');
const SERVER = ['<server>', 'name of a server of .cadre/mcp'] as const;

/** The Model Context Protocol, both ways. */
export const MCP: readonly CommandEntry[] = [
  {
    name: 'mcp',
    summary: 'Be an MCP server on standard input and output, for a client that starts it',
    options: [['--as <name>', 'in whose name: grants are given to mcp:NAME (default: local)'], ...LOG_FLAGS],
    examples: ['cadre mcp --as editor', 'cadre mcp list', 'cadre mcp accept clock'],
    commands: [
      {
        name: 'list',
        summary: 'List the MCP servers of .cadre/mcp, and which of their tools were accepted',
        load: async () => (await servers()).listServers,
      },
      {
        name: 'accept',
        summary: 'Ask a server for its tools, show what changed, accept it',
        arguments: [SERVER],
        options: [['--accept <hash>', 'accept exactly what was shown with this hash, without asking']],
        examples: ['cadre mcp accept clock', 'cadre mcp accept clock --accept sha256:1f0c…'],
        load: async () => (await servers()).acceptTools,
      },
      {
        name: 'show',
        summary: 'Show one server and its login',
        arguments: [SERVER],
        load: async () => (await logins()).showServer,
      },
      {
        name: 'login',
        summary: 'Sign in at a server (OAuth), in a browser',
        arguments: [SERVER],
        options: [
          ['--scope <scopes>', 'default: what the server says'],
          ['--port <port>', 'where the browser comes back to (default: any)'],
          ['--wait <duration>', 'how long to wait (default: 5m)'],
          ['--no-browser', 'only print the address'],
        ],
        load: async () => (await logins()).logIn,
      },
      {
        name: 'logout',
        summary: 'Give a login back and forget it',
        arguments: [SERVER],
        load: async () => (await logins()).logOut,
      },
    ],
    load: async () => (await servers()).serveMcp,
  },
];
