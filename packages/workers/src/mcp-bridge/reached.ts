import type { Transport } from '@modelcontextprotocol/client';

/** A way to a server. */
export interface Reached {
  /** Equal for two ways that are the same. */
  readonly key: string;
  open(): Transport;
  /** Each line that the server writes beside what it answers. */
  hear(line: (text: string) => void): void;
  lastWords(): Promise<string>;
  /** How its program ended, where it is one and has ended: `exit code 3`. */
  end(): string | undefined;
  /** What was begun to be sent for a call that was stopped has been sent, or cannot be. */
  sent(): Promise<void>;
}

export function sameReach(one: Reached, other: Reached): boolean {
  return one.key === other.key;
}
