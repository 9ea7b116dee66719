import type { SyntaxNode } from '@lezer/common';
import type { Fault } from './documented-module.ts';

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** What the parser did not expect; undefined when it understood everything. One between declarations comes first. */
export function faultIn(root: SyntaxNode, text: string): Fault | undefined {
  let inside: number | undefined;
  let between: number | undefined;
  root.cursor().iterate((node) => {
    if (!node.type.isError) return;
    if (node.node.parent?.parent == null) between ??= node.from;
    else inside ??= node.from;
  });
  const offset = between ?? inside;
  return offset === undefined ? undefined : { line: lineAt(text, offset), isInside: between === undefined };
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1 && index < offset; index = text.indexOf('\n', index + 1))
    line += 1;
  return line;
}
