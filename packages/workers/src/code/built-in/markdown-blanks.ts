/** Two or more spaces at the end of a line are a hard break, and in a fenced block everything is content. */
export function trimMarkdown(text: string): string {
  let fence: string | undefined;
  const lines = text.split('\n').map((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const wasInside = fence !== undefined;
    if (mark !== undefined) fence = nextFence(fence, mark, line);
    return wasInside || fence !== undefined ? line : trimLine(line);
  });
  return lines.join('\n');
}

/** A block ends with a bare fence of its own kind that is at least as long (CommonMark 4.5). */
function nextFence(fence: string | undefined, mark: string, line: string): string | undefined {
  if (fence === undefined) return mark;
  const closes = mark.startsWith(fence) && line.trim() === mark;
  return closes ? undefined : fence;
}

function trimLine(line: string): string {
  const [, content = '', blanks = '', carriage = ''] = /^(.*?)([ \t]*)(\r?)$/.exec(line) ?? [];
  const isBreak = content !== '' && blanks.startsWith('  ');
  return isBreak ? line : `${content}${carriage}`;
}
