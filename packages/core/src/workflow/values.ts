import semver from 'semver';
import { parseMoney } from '../budget/money.ts';
import { parsePermission } from '../policy/permission.ts';
import { parseDuration, parseSize } from '../time.ts';
import { parseCount } from './amounts.ts';
import { isWholeExpression } from './is-whole-expression.ts';
import { byKind, flag, number, record, type Shape, suggest, text } from './shape.ts';

/** The kinds of value that the keys of the language take. */

export const duration = text(
  'a duration such as 10m, 1h30m or 500ms',
  (value) => parseDuration(value) !== undefined,
  { pattern: '^([0-9]+([.][0-9]+)?(ms|[wdhms]))+$' },
);

export const size = text('a size such as 2GiB or 500MB', (value) => parseSize(value) !== undefined, {
  pattern: '^[0-9]+([.][0-9]+)? ?([kKMGT]?i?B)$',
});

export const tokens = byKind('a number of tokens such as 200k', {
  number: number('a whole number of tokens', { minimum: 0, whole: true }),
  string: text('a number of tokens such as 200k', (value) => parseCount(value) !== undefined, {
    pattern: '^[0-9]+([.][0-9]+)?[kM]?$',
  }),
});

export const money = text(
  'an amount and a currency such as 2 USD',
  (value) => parseMoney(value) !== undefined,
  {
    pattern: '^[0-9]+([.][0-9]+)? [A-Z]{3}$',
  },
);

const EXPRESSION = { pattern: '^[$][{][{][\\s\\S]*[}][}]$' };

export const wholeExpression = text(
  'one whole expression such as ${{ inputs.paths }}',
  isWholeExpression,
  EXPRESSION,
);

/** `if`, `until`, `that`: something that is true or false. */
export const condition = byKind('a condition such as ${{ inputs.push }}', {
  boolean: flag,
  string: text('one whole expression such as ${{ inputs.push }}', isWholeExpression, EXPRESSION),
});

/** Ids are parts of paths such as `each/3/lint`, so they are never numbers and hold no `/` or `~`. */
export const stepId = text(
  'an id that begins with a letter, of letters, digits, - and _, at most 64 long',
  (value) => /^[A-Za-z][\w-]{0,63}$/.test(value),
  { pattern: '^[A-Za-z][A-Za-z0-9_-]{0,63}$' },
);

/** Names that expressions have already. */
const TAKEN = new Set(
  'inputs steps run workspace event iteration index failure secrets cel google optional type dyn'
    .split(' ')
    .concat(
      'string int uint double bool bytes list map null_type true false null in as break const continue else for'.split(
        ' ',
      ),
      'function if import let loop package namespace return var void while prototype constructor'.split(' '),
    ),
);

export const variableName = text(
  'a name of letters, digits and _ that expressions do not have already',
  (value) => /^[A-Za-z]\w{0,63}$/.test(value) && !TAKEN.has(value),
  { pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' },
);

/** What `inputs.NAME` can name. */
export const inputName = text(
  'a name of letters, digits and _ that begins with a letter',
  (value) => /^[A-Za-z]\w{0,63}$/.test(value) && !['in', 'true', 'false', 'null'].includes(value),
  { pattern: '^[A-Za-z][A-Za-z0-9_]{0,63}$' },
);

export const scalar = byKind('a text', {
  string: text('a text', () => true),
  number: number('a number'),
  boolean: flag,
});

export const action = text('an action such as git/commit or git/commit@^1.2', isAction, {
  pattern: '^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*(@.+)?$',
});

export const permission: Shape = {
  schema: { type: 'string', pattern: '^[a-z]+(:.+)?$' },
  check(value, path, report) {
    const parsed = typeof value === 'string' ? parsePermission(value) : NO_PERMISSION;
    if (parsed.ok) return;
    report({ code: 'wrong_value', message: parsed.message, path, ...suggest(parsed.suggestion) });
  },
};

const NO_PERMISSION = {
  ok: false,
  message: 'expected a permission such as fs:read:.',
  suggestion: undefined,
} as const;

export const anyMap = record({ schema: {}, check: () => {} });

function isAction(value: string): boolean {
  const [, range] = /^[a-z][a-z0-9-]*\/[a-z][a-z0-9-]*(?:@(.{1,100}))?$/.exec(value) ?? [undefined, ''];
  return range === undefined || (semver.validRange(range) !== null && range !== '');
}
