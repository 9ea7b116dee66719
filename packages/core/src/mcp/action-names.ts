import { sha256 } from '../sha256.ts';

/** The action of every worker that is an MCP server which asks it for its tools. */
export const LIST_TOOLS = 'list-tools';

const LONGEST = 50;

/** The actions that tools become, by the names of the tools. The same names give the same actions, in whatever order. */
export function actionNames(tools: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set([LIST_TOOLS]);
  const names = new Map<string, string>();
  for (const tool of [...new Set(tools)].sort()) {
    const plain = plainName(tool);
    const name = plain === '' || taken.has(plain) ? distinct(plain, tool) : plain;
    taken.add(name);
    names.set(tool, name);
  }
  return names;
}

/** `readFile`, `read_file` and `read.file` are `read-file`. */
function plainName(tool: string): string {
  return tool
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '');
}

function distinct(plain: string, tool: string): string {
  const end = sha256(tool).slice(0, 8);
  return `${plain === '' ? 'tool' : plain.slice(0, LONGEST - 9)}-${end}`;
}
