import type { ProgressEvent } from './event.ts';

/** Shows events on a stream. */
export interface Renderer {
  show(event: ProgressEvent): void;
  /** A line of other text, kept whole above what moves. */
  print(line: string): void;
  close(): void;
}

/** What is written to: standard error, or anything like it. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}
