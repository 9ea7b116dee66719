import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import packageFile from '../package.json' with { type: 'json' };

/** Notes every look at the outside world from the moment on when the module is loaded. */
const SCRIPT = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const seen = [];
  // Only what our code or a library of ours looks at: Node itself looks at things while it loads its own modules.
  const note = (what) => {
    const caller = new Error().stack.split('\\n').find((line) => /\\/(packages|node_modules)\\//.test(line));
    if (caller !== undefined) seen.push(what + caller);
  };
  const isOwn = (path) => /\\/(packages|node_modules)\\//.test(String(path)) || String(path).endsWith('package.json');
  for (const name of ['readFileSync', 'openSync', 'open', 'readFile', 'statSync', 'createReadStream', 'watch', 'writeFileSync', 'mkdirSync']) {
    const original = fs[name];
    fs[name] = (path, ...rest) => { if (!isOwn(path)) note(name + ' ' + path); return original(path, ...rest); };
  }
  syncBuiltinESMExports();
  const { env } = process;
  const own = (key) => typeof key === 'string' && !/^(NODE_|WATCH_)/.test(key);
  Object.defineProperty(process, 'env', { value: new Proxy(env, {
    get: (target, key) => { if (own(key)) note('env ' + String(key)); return target[key]; },
    ownKeys: (target) => { note('env keys'); return Reflect.ownKeys(target); },
  }) });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    const original = globalThis[name];
    globalThis[name] = (...args) => { note(name); return original(...args); };
  }
  const { now } = Date;
  Date.now = () => { note('Date.now'); return now(); };
  await import(process.argv[1]);
  const noted = [...seen];
  setTimeout(() => { console.log('something stayed open'); process.exit(1); }, 5000).unref();
  process.on('exit', () => console.log(JSON.stringify({ noted, open: process.getActiveResourcesInfo() })));`;

test.each(
  Object.entries(packageFile.exports),
)('importing %s looks at nothing and leaves nothing open', (_, source) => {
  const module = new URL(`../${source}`, import.meta.url).href;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, module], {
    encoding: 'utf8',
    env: {},
  });
  const { noted, open } = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
  expect(noted).toEqual([]);
  expect(open.filter((resource: string) => !/^(TTYWrap|PipeWrap|Timeout)$/.test(resource))).toEqual([]);
});
