import semver from 'semver';
import { parseTemplate } from '../expression/template.ts';
import { parseDuration, parseSize } from '../time.ts';
import { byKind, flag, number, record, text } from './shape.ts';

/** The kinds of value that keys of the language take. */

export const duration = text(
  'a duration such as 10m, 1h30m or 500ms',
  (value) => parseDuration(value) !== undefined,
  { pattern: '^([0-9]+([.][0-9]+)?(ms|[wdhms]))+$', examples: ['10m', '1h30m', '500ms'] },
);

export const size = text('a size such as 2GiB or 500MB', (value) => parseSize(value) !== undefined, {
  pattern: '^[0-9]+([.][0-9]+)? ?([kKMGT]?i?B)$',
  examples: ['2GiB', '500MB'],
});

export const tokens = byKind('a number of tokens such as 200k', {
  number: number('a whole number', { minimum: 0, whole: true }),
  string: text('a number of tokens such as 200k or 1.5M', (value) => parseCount(value) !== undefined, {
    pattern: COUNT_PATTERN(),
  }),
});

export const money = text('an amount and a currency such as 2 USD', (value) => parseMoney(value) !== undefined, {
  pattern: '^[0-9]+([.][0-9]+)? [A-Z]{3}$',
});

/** `if`, `until`, `that`: something that is true or false. */
export const condition = byKind('a condition such as ${{ inputs.push }}', {
  boolean: flag,
  string: text('one whole expression such as ${{ inputs.push }}', isOneExpression, { pattern: '^[$][{][{]' }),
});

export const expressionOrList = {
  string: text('one whole expression such as ${{ inputs.paths }}', isOneExpression, { pattern: '^[$][{][{]' }),
};

export const stepId = text(
  'an id of letters, digits, - and _ that begins with a letter, at most 64 long',
  (value) => ID.test(value),
  { pattern: ID_PATTERN() },
);

export const action = text('an action such as git/commit or git/commit@^1.2', isAction, {
  pattern: '^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*(@.+)?$',
});

export const permission = text('a permission such as fs:read:. or shell:git', (value) => /^[a-z]+:\S/.test(value), {
  pattern: '^[a-z]+:\\S',
});

export const jsonObject = record({ schema: {}, check: () => {} });
