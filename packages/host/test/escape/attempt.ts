import type { JsonObject } from '@cadre/sdk';
import type { AuditEntry } from '../../src/ports/audit-store.ts';
import type { UseLimits } from '../../src/ports/sandbox.ts';

/** What lies around the box while somebody tries to get out of it. */
export interface Surroundings {
  /** A text that must not get into the box; it stands in `outside/secret.txt`, in an environment, in arguments. */
  readonly canary: string;
  /** Name of an abstract socket of the host. */
  readonly abstract: string;
  readonly workspace: string;
  readonly dataDir: string;
  readonly workers: string;
  readonly outside: string;
  /** A process outside. */
  readonly victim: number;
  /** Listeners of the host on its loopback, IPv4 and IPv6, and a web server there that may be reached by its address. */
  readonly port: number;
  readonly port6: number;
  readonly web: number;
  /** The address of this machine in its own network, if it has one. */
  readonly address: string;
}

/** One way to get out, and how it is known that it was stopped. */
export interface Attempt {
  /** After "it cannot". */
  readonly name: string;
  /**
   * With all programs of the system; with its own Node alone, which then guards it too; or with nothing but others that it may call.
   */
  readonly as: 'armed' | 'alone' | 'calling';
  readonly input: (around: Surroundings) => JsonObject;
  /** What stops it, in words. */
  readonly stopped: string;
  /** Fails with this code; otherwise it goes on, and got nothing. */
  readonly code?: string;
  /** On another machine it fails with this code, since what it left does not travel or does not fit what is here; or it rests on what is here. */
  readonly afar?: 'not_carried' | 'conflict' | 'not tried';
  /** What the record says besides that the call was made. Absent: nobody outside of the box can see it. */
  readonly seen?: Partial<AuditEntry>;
  /** That it is not only the attempt that fails: what else has to be so afterwards. */
  readonly also?: (
    around: Surroundings,
    outcome: unknown,
    record: readonly AuditEntry[],
  ) => void | Promise<void>;
}

export interface Family {
  readonly title: string;
  readonly attempts: readonly Attempt[];
  /** Fixture workers that are there besides. */
  readonly workers?: readonly string[];
  readonly limits?: Partial<UseLimits & { temporaryBytes: number }>;
}
