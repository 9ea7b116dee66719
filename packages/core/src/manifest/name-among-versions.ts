interface Known {
  readonly manifest: { readonly id: string; readonly version: string };
}

/**
 * What a person writes to mean this version of a worker: its id, and its version too where the id alone means another one. `known`: the
 * workers that are there, of each the newest first.
 */
export function nameAmongVersions({ manifest }: Known, known: readonly Known[]): string {
  const { id, version } = manifest;
  const meant = known.find((one) => one.manifest.id === id);
  return meant === undefined || meant.manifest.version === version ? id : `${id}@${version}`;
}
