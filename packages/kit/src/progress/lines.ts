import { percent } from '../format/number.ts';
import { visible } from '../format/visible.ts';
import type { Clock } from './clock.ts';
import type { ProgressEvent } from './event.ts';
import type { ProgressStream, Renderer } from './renderer.ts';
import { amounts, shareOf } from './task-line.ts';

const EVERY_MS = 10_000;

/** Plain lines for logs and pipes: at the start, every 10 % or 10 s, and at the end of each task. */
export function createLinesRenderer(stream: ProgressStream, clock: Clock): Renderer {
  const told = new Map<string, Told>();
  return {
    show(event) {
      const now = { tenth: Math.floor((shareOf(event) ?? 0) * 10), at: clock.now() };
      const words = wordsFor(event, now, told.get(event.id));
      if (words === undefined) return;
      const text = [event.label, ...words].filter((word) => word !== '').join(': ');
      stream.write(`${visible(text)}\n`);
      if (event.state === 'running') told.set(event.id, now);
      else told.delete(event.id);
    },
    print: (line) => void stream.write(`${line}\n`),
    close: () => told.clear(),
  };
}

interface Told {
  readonly tenth: number;
  readonly at: number;
}

/** Undefined when it is not yet time for another line. */
function wordsFor(event: ProgressEvent, now: Told, before: Told | undefined): readonly string[] | undefined {
  if (event.state !== 'running') return [event.state, amounts(event)];
  if (before === undefined) return ['started'];
  if (now.tenth <= before.tenth && now.at - before.at < EVERY_MS) return undefined;
  const share = shareOf(event);
  return [share === undefined ? '' : percent(Math.floor(share * 100) / 100), amounts(event)];
}
