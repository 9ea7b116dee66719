/** Who holds what. A lease is named (`workspace`, `run:ID`), renewed by heartbeat and fenced by a growing number. */
export interface LeaseStore {
  /**
   * Takes a lease that is free, lapsed, or whose holder `isDead` proves gone; answers the present holder otherwise.
   * A live holder is never evicted by age. Each taking raises the token.
   */
  acquire(
    name: string,
    holder: LeaseHolder,
    ttlMs: number,
    now: number,
    isDead: (lease: Lease) => boolean,
  ): Promise<
    | { readonly ok: true; readonly lease: Lease; readonly tookOver?: Lease }
    | { readonly ok: false; readonly holder: Lease }
  >;
  /** False when the lease was lost: its work must stop. */
  renew(name: string, token: number, ttlMs: number, now: number): Promise<boolean>;
  /** Giving back a lease that was lost changes nothing. */
  release(name: string, token: number): Promise<void>;
  find(name: string): Promise<Lease | undefined>;
  list(): Promise<readonly Lease[]>;
  /** Removes a lease whoever holds it: `cadre lock release --force`. */
  break(name: string): Promise<void>;
}

export interface LeaseHolder {
  /** Unique for each process. */
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  /** Start time of the process as the system tells it, so that a re-used pid is not mistaken for it. */
  readonly processStart: string;
  readonly run?: string;
}

export interface Lease extends LeaseHolder {
  readonly name: string;
  readonly token: number;
  readonly since: number;
  readonly renewed: number;
  readonly expires: number;
}
