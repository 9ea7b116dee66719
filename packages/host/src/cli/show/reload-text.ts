/** One sentence for people. */
export function reloadText({
  worker,
  version,
  message,
}: {
  readonly worker: string;
  readonly version?: string;
  readonly message: string;
}): string {
  const goesOn = version === undefined ? '' : `, ${version} goes on`;
  return `${worker} could not be reloaded${goesOn}: ${message}`;
}
