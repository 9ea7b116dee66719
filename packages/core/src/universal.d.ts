/** The only names of a platform that core may know: they exist wherever JavaScript runs. */
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
