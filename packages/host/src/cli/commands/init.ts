import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
import { detectRunners, detectTools } from '../run/detect-tools.ts';
import { mayWrite } from '../run/may-write.ts';
import { withApp } from '../with-app.ts';

const CANDIDATES = ['cadre.yaml', 'cadre.toml', 'cadre.json'];

/** Writes a `cadre.yaml` that fits what is found here. What exists is kept, so doing it twice changes nothing. */
export const init: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output, io, options } = invocation;
    const existing = await findExisting(app.place.root);
    if (existing !== undefined) {
      output.document({ file: existing, written: false });
      output.line(`${existing} is there already and was kept. See what holds with: cadre config list`);
      return EXIT.ok;
    }
    const text = await compose(app);
    const file = join(app.place.root, 'cadre.yaml');
    output.line(`${file} would be:\n\n${text}`);
    if (!(await mayWrite('Write it?', options['yes'] === true, io.interactive))) {
      output.document({ file, written: false, text });
      output.line('Nothing was written. Write it with --yes.');
      return EXIT.ok;
    }
    // `wx`: somebody may have made one while the question stood.
    await writeFile(file, text, { flag: 'wx' });
    output.document({ file, written: true, text });
    output.line(`Written. Next: cadre run hygiene`);
    return EXIT.ok;
  });

async function findExisting(root: string): Promise<string | undefined> {
  for (const name of CANDIDATES) {
    const there = await access(join(root, name)).then(
      () => true,
      () => false,
    );
    if (there) return join(root, name);
  }
  return undefined;
}

async function compose(app: App): Promise<string> {
  const tools = await detectTools(app);
  const runners = await detectRunners(app);
  const names = [...new Set(tools.map(({ name }) => name))];
  return `# Settings of Cadre for this repository. Every key: cadre config list
version: 1

# Found here: ${names.length === 0 ? 'no formatter, linter or test runner' : names.join(', ')}
hygiene:
  profile: standard
  # Floor of line coverage in percent; 0 turns it off.
  coverage: ${runners.length === 0 ? 0 : 85}
  # A repository without tests is not clean.
  requireTests: ${runners.length > 0}
  # Never committed to, never pushed.
  protected: [main, master, "release/*"]
`;
}
