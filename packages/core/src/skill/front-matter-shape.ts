import { valid, validRange } from 'semver';
import { SKILL_ID } from '../dependency/requirement.ts';
import { object, record, text } from '../workflow/shape.ts';

/** Characters, as people count them, and none of them only blanks. */
const atMost = (most: number) => (value: string) => value.trim() !== '' && [...value].length <= most;

/** What stands between the two lines `---` of a `SKILL.md`: https://agentskills.io/specification */
export const FRONT_MATTER = object(
  {
    name: [
      text('1 to 64 lower-case letters, digits and single hyphens, none at either end', (value) =>
        SKILL_ID.test(value),
      ),
      'What it is called, and its folder too',
    ],
    description: [
      text('a text of 1 to 1,024 characters', atMost(1_024)),
      'What it does, and when a bot should take it up',
    ],
    license: [text('the name of a licence, or of the file with it'), 'Its licence'],
    compatibility: [
      text('a text of 1 to 500 characters', atMost(500)),
      'What it needs of its surroundings, in words',
    ],
    metadata: [
      record(text('a text; numbers and dates need quotation marks', () => true)),
      'Further words, each a text',
    ],
    'allowed-tools': [
      text('names of tools with blanks between them', () => true),
      'Tools that may be used without asking',
    ],
  },
  ['name', 'description'],
);

/** `1` and `1.2` are how many people write a version. */
export const SHORT_VERSION = /^\d+(\.\d+)?$/;

/** The keys of `metadata` that Cadre reads. Those of its own begin with its name, as the format asks of everybody. */
export const METADATA = {
  version: 'version',
  title: 'display-name',
  author: 'author',
  tags: 'tags',
  workers: 'cadre-requires-workers',
  skills: 'cadre-requires-skills',
  cadre: 'cadre-engine',
} as const;

export const isVersion = (value: string) => valid(value) === value;

export const isRange = (value: string) => value.trim() !== '' && validRange(value) !== null;
