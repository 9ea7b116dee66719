import { relative, sep } from 'node:path';
import { watch } from 'chokidar';
import picomatch from 'picomatch';
import type { FileChange, WatchFiles } from '../ports/file-watch.ts';

const NEVER = ['.git', 'node_modules'];
const OWN = '.cadre';

const CHANGES: Readonly<Record<string, FileChange['change']>> = {
  add: 'added',
  change: 'changed',
  unlink: 'removed',
};

/** The root is watched and not the places that the globs name, so that those may vanish and come back. */
export const watchWithChokidar: WatchFiles = async ({ root, paths, ignore, initial, own, hear, failed }) => {
  const never = own === true ? NEVER : [...NEVER, OWN];
  const matches = picomatch([...paths], { dot: true, ignore: [...ignore] });
  const bases = paths.map((glob) => picomatch.scan(glob).base);
  const reaches = (path: string) =>
    bases.some((base) => base === '' || isWithin(path, base) || isWithin(base, path));
  const fromRoot = (path: string) => relative(root, path).split(sep).join('/');
  const watcher = watch(root, {
    ignoreInitial: !initial,
    persistent: true,
    ignored: (path) => {
      const name = fromRoot(path);
      return name !== '' && (never.some((one) => isPart(name, one)) || !reaches(name));
    },
  });
  watcher.on('all', (event, path) => {
    const change = CHANGES[event];
    const name = fromRoot(path);
    if (change !== undefined && matches(name)) hear({ path: name, change });
  });
  watcher.on('error', failed);
  await new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
  return () => watcher.close();
};

const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

const isPart = (path: string, name: string) => path.split('/').includes(name);
