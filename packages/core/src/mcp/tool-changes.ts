import type { PinnedTool } from './mcp-server.ts';

export interface ToolChange {
  readonly name: string;
  readonly change: 'new' | 'changed' | 'gone';
  readonly before?: PinnedTool;
  readonly after?: PinnedTool;
}

/** How what a server offers now differs from what was accepted, by name. */
export function toolChanges(
  pinned: readonly PinnedTool[],
  offered: readonly PinnedTool[],
): readonly ToolChange[] {
  const before = new Map(pinned.map((one) => [one.tool.name, one]));
  const after = new Map(offered.map((one) => [one.tool.name, one]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): ToolChange[] => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was !== undefined && is !== undefined)
      return was.hash === is.hash ? [] : [{ name, change: 'changed', before: was, after: is }];
    if (was !== undefined) return [{ name, change: 'gone', before: was }];
    return is === undefined ? [] : [{ name, change: 'new', after: is }];
  });
}
