import { KitError } from '../error.ts';

const APP_ID = /^[a-z][a-z0-9-]{0,62}$/;
/** Names that Windows gives to devices; a folder of such a name cannot be made there. */
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;
/** Letters of other alphabets that look like Latin ones; the same name in both would be two folders. */
const LOOK_ALIKES = ['асԁеһіјӏոорԛѕυνѡхуαορτκɡıʟ', 'acdehijlnoopqsuvwxyaoptkgil'] as const;

/** The id in lower case. Throws `invalid_app_id` with the nearest permitted form. */
export function parseAppId(text: string): string {
  const id = text.toLowerCase();
  if (APP_ID.test(id) && !RESERVED.test(id)) return id;
  const corrected = correctedId(id);
  throw new KitError('invalid_app_id', `${JSON.stringify(text)} cannot be the id of an application`, {
    hint: `use ${corrected}: a letter, then letters, digits and dashes, at most 63`,
    details: { corrected },
  });
}

function correctedId(id: string): string {
  const [alike, latinOnes] = LOOK_ALIKES.map((letters) => [...letters]) as [string[], string[]];
  const latin = [...id.normalize('NFKD')]
    .map((letter) => latinOnes[alike.indexOf(letter)] ?? letter)
    .join('');
  const plain = latin
    .replace(/\p{Mark}/gu, '')
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 63);
  if (plain === '') return 'app';
  return RESERVED.test(plain) ? `${plain}-app` : plain;
}
