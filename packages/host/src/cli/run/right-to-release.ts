/** Users as the system numbers them; undefined where it does not (Windows), or where it cannot tell. */
export interface LeaseUsers {
  /** Who asks. */
  readonly self: number | undefined;
  /** Whose process holds the lease. */
  readonly holder: number | undefined;
  /** Whose the data of this workspace is: its administrator. */
  readonly workspace: number | undefined;
}

/**
 * By what right somebody may take a lease from a holder who lives: it is a process of their own, or they are the
 * administrator. Undefined when there is none. Where users have no numbers, whoever can open the data owns it.
 */
export function rightToRelease({ self, holder, workspace }: LeaseUsers): string | undefined {
  if (self === undefined) return 'forced by the owning user';
  if (holder === self) return 'forced by the owning user';
  return workspace === self ? 'forced by role admin' : undefined;
}
