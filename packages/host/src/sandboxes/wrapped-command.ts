/** How to start a program so that it is confined. */
export interface WrappedCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment of the program that is spawned. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What the program reads from descriptors 3, 4, … until their end. */
  readonly descriptors: readonly Uint8Array[];
  /**
   * To be called once when the program has ended: ends what it may have left, removes what was made for it, and names
   * the limit that ended it, if one did.
   */
  release(): Promise<string | undefined>;
}
