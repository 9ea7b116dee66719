import { text } from 'node:stream/consumers';
import { startWrapped } from './start-wrapped.ts';
import type { WrappedCommand } from './wrapped-command.ts';

const PROBE_MS = 10_000;

/**
 * Each line prints the name of a hole that it finds. No program but the shell is needed. `foreign`: a pattern of what only the host's
 * environment has.
 */
export const HOLES = (foreign: string) => `
if [ -w /proc/sys/kernel/core_pattern ]; then echo kernel-settings; fi
read -r line </proc/1/environ; case $line in ${foreign}) echo environment;; esac
if [ -e /etc/shadow ]; then echo system-files; fi
while read -r name rest; do case $name in lo:*|face*|Inter*) ;; *) echo network; break;; esac; done </proc/net/dev
if ( : >/cadre-probe ) 2>/dev/null; then echo root-folder; fi
echo done`;

const SENTENCES: Readonly<Record<string, string>> = {
  'kernel-settings': 'settings of the kernel can be changed from inside',
  environment: "the host's environment can be read from inside",
  'system-files': 'protected files of the system are to be seen inside',
  network: 'there is a network inside',
  'root-folder': 'the root folder can be written from inside',
};

/** Tries a box out. `problem`: it does not start at all, in the words of the system; `holes`: sentences. */
export async function probeBox(
  wrap: (command: readonly string[]) => Promise<WrappedCommand>,
): Promise<{ readonly problem: string } | { readonly holes: readonly string[] }> {
  const child = startWrapped(await wrap(['/bin/sh', '-c', HOLES('*PATH=*|*HOME=*')]));
  const timer = setTimeout(() => child.kill(), PROBE_MS);
  const [stdout, stderr, { code, error }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.ended,
  ]);
  clearTimeout(timer);
  const found = stdout.split('\n').filter((line) => line !== '');
  if (found.at(-1) !== 'done') return { problem: error ?? (stderr.trim() || `it ended with ${code}`) };
  return { holes: found.slice(0, -1).map(sentenceOf) };
}

export function sentenceOf(hole: string): string {
  return SENTENCES[hole] ?? hole;
}
