/** An engine that runs workflows of a number of steps that do nothing, each result durable before the next step begins. */
export interface Peer {
  readonly name: string;
  /** What it cannot start without and is not here, with how to bring it. */
  lacks?(): string | undefined;
  /** Less than all others get, where it would take minutes for that many. */
  readonly inFlight?: number;
  /** Everything it keeps goes into the folder, which is empty. */
  open(folder: string): Promise<OpenPeer>;
}

export interface OpenPeer {
  /** Resolves when the run has ended well, and that has been synced to the disk. */
  run(steps: number): Promise<void>;
  close(): Promise<void>;
}
