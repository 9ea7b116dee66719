import type { CommandEntry } from '../command.ts';
import { LOG_FLAGS } from '../run/log-flags.ts';

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
        arguments: [['<server>', 'name of a server of .cadre/mcp']],
        options: [['--accept <hash>', 'accept exactly what was shown with this hash, without asking']],
        examples: ['cadre mcp accept clock', 'cadre mcp accept clock --accept sha256:1f0c…'],
        load: async () => (await import('../commands/mcp.ts')).acceptTools,
      },
      {
        name: 'show',
        summary: 'Show one server: how it is reached, what it may do, whether you are logged in',
        arguments: [['<server>', 'name of a server of .cadre/mcp']],
        load: async () => (await import('../commands/mcp-login.ts')).showServer,
      },
      {
        name: 'login',
        summary: 'Sign in at a server that asks for it (OAuth), in a browser',
        arguments: [['<server>', 'name of a server of .cadre/mcp']],
        options: [
          ['--scope <scopes>', 'what to ask for, with blanks between; default: what the server says'],
          ['--port <port>', 'where on this machine the browser is sent back to (default: any that is free)'],
          ['--wait <duration>', 'how long to wait for you (default: 5m)'],
          ['--no-browser', 'print the address, and open nothing'],
        ],
        examples: ['cadre mcp login tracker', 'cadre mcp login tracker --no-browser'],
        load: async () => (await import('../commands/mcp-login.ts')).logIn,
      },
      {
        name: 'logout',
        summary: 'Give the login at a server back, and forget it',
        arguments: [['<server>', 'name of a server of .cadre/mcp']],
        load: async () => (await import('../commands/mcp-login.ts')).logOut,
      },
    ],
    load: async () => (await import('../commands/mcp.ts')).serveMcp,
  },
];
