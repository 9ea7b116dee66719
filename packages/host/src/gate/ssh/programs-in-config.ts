import { glob, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

/** Included files may include others; OpenSSH stops at the same depth. */
const DEEPEST = 16;

/**
 * Where an ssh configuration would run a program merely by being read (`Match exec`), or where that cannot be told; in
 * words, such as `~/.ssh/config line 3`. Undefined when it is safe to let ssh read it.
 */
export async function programInConfig(file: string, home: string, depth = 0): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const place = `${file} line ${index + 1}`;
    // Rather too often than too rarely: a comment at the end of the line counts, too.
    if (/^\s*"?match\b.*exec/i.test(line)) return place;
    const included = /^\s*"?include\b"?[\s=]*(?<patterns>.*)$/i.exec(line)?.groups?.['patterns'];
    if (included === undefined) continue;
    // What stands for something else cannot be followed here.
    if (/[$%]/.test(included) || depth >= DEEPEST) return place;
    for (const pattern of included.match(/"[^"]*"|[^\s"]+/g) ?? []) {
      for await (const path of glob(placed(pattern.replaceAll('"', ''), home))) {
        const found = await programInConfig(path, home, depth + 1);
        if (found !== undefined) return found;
      }
    }
  }
  return undefined;
}

function placed(pattern: string, home: string): string {
  if (pattern.startsWith('~/')) return join(home, pattern.slice(2));
  return isAbsolute(pattern) ? pattern : join(home, '.ssh', pattern);
}
