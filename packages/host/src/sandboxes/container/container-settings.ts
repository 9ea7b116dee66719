/** What a person says of containers. */
export interface ContainerSettings {
  /** A program, by its name in PATH or its path; absent: podman, or docker where there is no podman. */
  readonly engine?: string | undefined;
  /** What the engine starts containers with; absent: what it is set up for. */
  readonly runtime?: string | undefined;
  /** An image that is there already, whose files take the place of this machine's; absent: what this machine has. */
  readonly image?: string | undefined;
}
