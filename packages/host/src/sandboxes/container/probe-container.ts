import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { MeasuredBy } from '@cadre/core';
import { measureProcesses } from '../measure-processes.ts';
import { HOLES, sentenceOf } from '../probe-box.ts';
import { startWrapped } from '../start-wrapped.ts';
import type { ContainerReading } from './read-container.ts';
import type { WrappedContainer } from './wrap-in-container.ts';

/** To make its first image an engine needs a while on a busy machine. */
const PROBE_MS = 60_000;

/** What the person's environment would have in it if it got inside. */
export const CANARY = 'CADRE_CONTAINER_CANARY';

const LIMITS = `
for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
  if [ -r "$file" ]; then read -r most <"$file"; [ "$most" = "$MEMORY" ] && echo "limited memory"; fi
done
for file in /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max; do
  if [ -r "$file" ]; then read -r most <"$file"; [ "$most" = "$PROCESSES" ] && echo "limited processes"; fi
done
echo looked; read -r _`;

export interface ProbedContainer {
  /** Sentences. */
  readonly holes: readonly string[];
  readonly limited: ReadonlySet<'memory' | 'processes'>;
  /** How what it uses can be seen from outside; absent: not at all. */
  readonly measures?: MeasuredBy;
}

/** Tries a container out. `problem`: it does not start at all, in the words of the engine. */
export async function probeContainer(
  wrap: (command: readonly string[]) => Promise<WrappedContainer>,
): Promise<{ readonly problem: string } | ProbedContainer> {
  const wrapped = await wrap(['/bin/sh', '-c', `${HOLES(`*${CANARY}=*`)}${LIMITS}`]);
  const child = startWrapped(wrapped);
  const timer = setTimeout(() => child.kill(), PROBE_MS);
  const stderr = text(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === 'looked') break;
  }
  const isThere = lines.at(-1) === 'looked';
  const measures = isThere ? await seenBy(wrapped.reading) : undefined;
  child.stdin.end();
  const [said, { code, error }] = await Promise.all([stderr, child.ended]);
  clearTimeout(timer);
  if (!isThere) return { problem: error ?? (said.trim().split('\n').at(-1) || `it ended with ${code}`) };
  const limited = lines.flatMap((line) =>
    line.startsWith('limited ') ? [line.slice('limited '.length)] : [],
  );
  const holes = lines.slice(0, lines.indexOf('done'));
  return {
    holes: holes.map(sentenceOf),
    limited: new Set(limited as ('memory' | 'processes')[]),
    ...(measures === undefined ? {} : { measures }),
  };
}

const LOOKS = 40;
const LOOK_MS = 50;

/** Its number is told a moment after it has begun. */
async function seenBy(reading: ContainerReading): Promise<MeasuredBy | undefined> {
  for (let look = 0; look < LOOKS; look += 1) {
    if ((await reading.members()).length > 0) return 'control group';
    const first = reading.pid();
    // Somebody else's process cannot be looked at; one that is in no group of its own can.
    if (first !== undefined && (await measureProcesses(first)).memoryBytes > 0) return 'processes';
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return undefined;
}
