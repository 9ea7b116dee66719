import { join } from 'node:path';
import { type CiSystem, exists } from './find-ci.ts';

/** A file that is not there yet, and its text. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

const NAME = 'hygiene.yml';

/** A workflow beside those that are there, for the systems that take one file each; undefined where there is nothing to add. */
export async function ciFile(root: string, systems: readonly CiSystem[]): Promise<NewFile | undefined> {
  const [folder] = systems.flatMap((system) => system.folder ?? []);
  if (folder === undefined) return undefined;
  const path = join(root, folder, NAME);
  return (await exists(path)) ? undefined : { path, text: TEXT };
}

const TEXT = `name: hygiene
on: [push, pull_request]
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with: { node-version: 24 }
      # Checks only: nothing is written, nothing is committed.
      - run: npx --yes cadre run hygiene --profile ci --yes
`;
