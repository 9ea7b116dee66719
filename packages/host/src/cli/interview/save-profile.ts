import type { App } from '../../app.ts';
import type { Questions } from '../questions.ts';
import { HYGIENE_PROFILES } from '../run/hygiene-profiles.ts';
import type { Answers } from './interview.ts';

/** Asks for a name and writes the answers as a profile of the workspace. Throws `TurnedAway`; then nothing was written. */
export async function saveProfile(app: App, answers: Answers, questions: Questions): Promise<string> {
  const taken = Object.keys({ ...HYGIENE_PROFILES, ...app.config.hygiene.profiles });
  const name = await questions.text('What shall it be called?', 'mine', (text) => {
    if (!/^[a-z][a-z0-9-]*$/.test(text)) return 'small letters, digits and dashes, please';
    return taken.includes(text) ? `there is a profile ${text} already` : undefined;
  });
  const { profile, steps, inputs } = answers;
  const written = {
    ...(profile === undefined ? {} : { extends: profile }),
    ...(steps === undefined ? {} : { steps }),
    ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
  };
  const { file } = await app.setConfig(`hygiene.profiles.${name}`, JSON.stringify(written));
  return `${name} is now a profile in ${file}: cadre run hygiene --profile ${name}`;
}
