import { openSandbox } from '../../src/sandboxes/open-sandbox.ts';
import { runConfined } from '../../src/sandboxes/run-confined.ts';

/** Each prints a word when it gets through. */
const TRIES: Readonly<Record<string, string>> = {
  'password file': 'cat /etc/shadow >/dev/null && echo read',
  'file outside': 'cat "$OUTSIDE" >/dev/null && echo read',
  'kernel setting': 'test -w /proc/sys/kernel/core_pattern && echo writable',
  system: 'touch /usr/bin/cadre-was-here && echo written',
  environment: "tr '\\0' '\\n' </proc/1/environ | grep CANARY",
  processes: 'ls /proc | grep -x "$OTHER"',
  namespace: 'unshare --user --map-root-user true && echo made',
  mount: 'mount -t tmpfs none /tmp && echo mounted',
  root: 'setpriv --reuid=0 --regid=0 --clear-groups id -u | grep -x 0 && test "$(id -u)" != 0 && echo root',
  capabilities: 'grep -E "^Cap(Prm|Eff|Amb):.*[1-9a-f]" /proc/self/status',
};

/** Started as somebody: tries in a box of its own to get out, and prints how it went. For `callers.test.ts`. */
const [workspace = '', outside = ''] = process.argv.slice(2);
const sandbox = openSandbox({ workspace, environment: process.env });
const run = (script: string) =>
  runConfined(
    sandbox,
    ['/bin/sh', '-c', script],
    {
      confinement: { readable: [], writable: [workspace], hidden: [], programs: ['*'], hosts: [] },
      cwd: workspace,
      env: { OUTSIDE: outside, OTHER: String(process.ppid) },
      installed: [],
    },
    20_000,
  );

const report = await sandbox.probe();
const through: Record<string, string> = {};
if (report.level !== 'advisory') {
  for (const [name, script] of Object.entries(TRIES)) {
    const { code, stdout } = await run(script);
    if (code === 0) through[name] = stdout;
  }
}
const { stdout: who } = await run('id -u; echo granted >made.txt && cat made.txt');
console.log(JSON.stringify({ report, through, who: who.trim().split('\n') }));
