import type { CommandEntry } from '../command.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';

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
        load: async () => (await import('../commands/mcp.ts')).listServers,
      },
      {
        name: 'accept',
        summary: 'Ask a server for its tools, show what changed, and accept it',
        arguments: [SERVER],
        options: [['--accept <hash>', 'accept exactly what was shown with this hash, without asking']],
        examples: ['cadre mcp accept clock', 'cadre mcp accept clock --accept sha256:1f0c…'],
        load: async () => (await import('../commands/mcp.ts')).acceptTools,
      },
      {
        name: 'show',
        summary: 'Show one server, and whether you are logged in',
        arguments: [SERVER],
        load: async () => (await import('../commands/mcp-login.ts')).showServer,
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
        load: async () => (await import('../commands/mcp-login.ts')).logIn,
      },
      {
        name: 'logout',
        summary: 'Give the login at a server back, and forget it',
        arguments: [SERVER],
        load: async () => (await import('../commands/mcp-login.ts')).logOut,
      },
    ],
    load: async () => (await import('../commands/mcp.ts')).serveMcp,
  },
];
