import type { SyntaxNode } from '@lezer/common';

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** Where the parser met something that it did not expect; undefined when it understood everything. */
export function firstFault(root: SyntaxNode): number | undefined {
  let fault: number | undefined;
  root.cursor().iterate((node) => {
    if (fault === undefined && node.type.isError) fault = node.from;
    return fault === undefined;
  });
  return fault;
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let index = text.indexOf('\n'); index !== -1 && index < offset; index = text.indexOf('\n', index + 1))
    line += 1;
  return line;
}
