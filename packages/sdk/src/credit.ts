import { ActionError } from './failure.ts';
import { CREDIT } from './stream-handle.ts';

/** How much may still be sent before whoever receives has taken something. In the order in which it was asked for. */
export interface Credit {
  /** Resolves when so many bytes may be sent. */
  take(bytes: number): Promise<void>;
  /** At once, or not at all. */
  tryTake(bytes: number): boolean;
  give(bytes: number): void;
  /** Nobody takes anything any more: whoever waits is refused. */
  end(): void;
}

export function createCredit(): Credit {
  let left = CREDIT;
  let ended = false;
  const waiting: { readonly bytes: number; resolve(): void; reject(error: Error): void }[] = [];

  function serve(): void {
    for (let first = waiting[0]; first !== undefined && left >= first.bytes; first = waiting[0]) {
      waiting.shift();
      left -= first.bytes;
      first.resolve();
    }
  }

  return {
    take(bytes) {
      if (ended) return Promise.reject(over());
      return new Promise((resolve, reject) => {
        waiting.push({ bytes, resolve, reject });
        serve();
      });
    },
    tryTake(bytes) {
      if (waiting.length > 0 || left < bytes) return false;
      left -= bytes;
      return true;
    },
    give(bytes) {
      left += bytes;
      serve();
    },
    end() {
      ended = true;
      for (const { reject } of waiting.splice(0)) reject(over());
    },
  };
}

function over(): ActionError {
  return new ActionError('cancelled', 'the call is over: nothing more is taken of it');
}
