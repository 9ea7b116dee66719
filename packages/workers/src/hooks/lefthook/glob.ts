import picomatch from 'picomatch';

/**
 * A glob as lefthook understands it: by default `*` and `**` both stand for anything, folders included; with the
 * matcher `doublestar` a `*` stays within a folder.
 */
export function lefthookGlob(glob: string, matcher: string): (path: string) => boolean {
  if (matcher === 'doublestar') return picomatch(glob, { dot: true });
  const pattern = new RegExp(`^${translated(glob)}$`, 's');
  return (path) => pattern.test(path);
}

function translated(glob: string): string {
  let depth = 0;
  return glob.replace(/\\[\s\S]|\*+|\?|\[!?[^\]]*\]|[{},]|[.+^$()|[\]\\]/g, (part) => {
    switch (part.charAt(0)) {
      case '*':
        return '.*';
      case '?':
        return '.';
      case '{':
        depth += 1;
        return '(?:';
      case '}':
        depth -= 1;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      case '[':
        return part.length > 2 ? part.replace(/^\[!/, '[^') : `\\${part}`;
      case '\\':
        return part.length > 1 ? part : '\\\\';
      default:
        return `\\${part}`;
    }
  });
}
