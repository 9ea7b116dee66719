#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(`cadre needs Node.js 24 or newer; this is ${process.version} (${process.execPath})\n`);
  process.exit(5);
}
// Compiled code is kept in the user's own cache folder: in the shared one for temporary files others could put theirs.
// Fetched and not imported: an import reads every export of the module, which takes longer than what is done with it.
const { enableCompileCache } = process.getBuiltinModule('node:module');
const { homedir } = process.getBuiltinModule('node:os');
const { CADRE_HOME: home, XDG_CACHE_HOME: caches } = process.env;
const place = process.platform === 'darwin' ? `${homedir()}/Library/Caches` : `${homedir()}/.cache`;
enableCompileCache(home ? `${home}/cache/compiled` : `${caches || place}/cadre/compiled`);
// Not written out, so that the checker does not follow it into what was built.
await import(new URL('../dist/main.js', import.meta.url).href);
