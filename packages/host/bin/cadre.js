#!/usr/bin/env node
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(`cadre needs Node.js 24 or newer; this is ${process.version} (${process.execPath})\n`);
  process.exit(5);
}
await import('../dist/main.js');
