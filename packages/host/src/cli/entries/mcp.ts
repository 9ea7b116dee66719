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
    ],
    load: async () => (await import('../commands/mcp.ts')).serveMcp,
  },
];
