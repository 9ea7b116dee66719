#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(`cadre needs Node.js 24 or newer; this is ${process.version} (${process.execPath})\n`);
  process.exit(5);
}
// Compiled code is kept in the user's own cache folder: in the shared one for temporary files others could put theirs.
const { enableCompileCache } = await import('node:module');
const { homedir } = await import('node:os');
const { CADRE_HOME: home, XDG_CACHE_HOME: caches } = process.env;
const place = process.platform === 'darwin' ? `${homedir()}/Library/Caches` : `${homedir()}/.cache`;
enableCompileCache(home ? `${home}/cache/compiled` : `${caches || place}/cadre/compiled`);
await import('../dist/main.js');
