import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App } from '../../app.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT } from '../exit.ts';
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
    if (!(await mayWrite(options['yes'] === true, io.interactive))) {
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

async function mayWrite(yes: boolean, interactive: boolean): Promise<boolean> {
  if (yes || !interactive) return yes;
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: 'Write it?', initialValue: true });
  return !isCancel(answer) && answer;
}

interface Detected {
  readonly languages?: readonly string[] | Readonly<Record<string, number>>;
  readonly tools?: readonly { tool: string }[];
  readonly runners?: readonly { runner: string }[];
}

async function compose(app: App): Promise<string> {
  const code = await detect(app, 'code/detect');
  const test = await detect(app, 'test/detect');
  const languages = Array.isArray(code.languages) ? code.languages : Object.keys(code.languages ?? {});
  const tools = (code.tools ?? []).map(({ tool }) => tool);
  const runners = (test.runners ?? []).map(({ runner }) => runner);
  const list = (words: readonly string[]) => (words.length === 0 ? 'none found' : words.join(', '));
  return `# Settings of Cadre for this repository. Every key: cadre config list
version: 1

# Languages: ${list(languages)}
# Tools: ${list(tools)}
# Tests: ${list(runners)}
hygiene:
  profile: standard
  inputs:
    # Floor of line coverage in percent; 0 turns it off.
    coverage: ${runners.length === 0 ? 0 : 85}
    # A repository without tests is not clean.
    requireTests: ${runners.length > 0}
    protected: [main, master, "release/*"]
`;
}

async function detect(app: App, uses: string): Promise<Detected> {
  const outcome = await app.call(uses, {});
  return outcome.ok ? (outcome.output as unknown as Detected) : {};
}
