import { entropy } from './entropy.ts';
import { isPlaceholder } from './placeholder.ts';
import { type SecretRule, secretRule } from './secret-rule.ts';

const KEY_WORDS = [
  'password',
  'passwd',
  'passphrase',
  'pwd',
  'secret',
  'token',
  'api_key',
  'api-key',
  'apikey',
  'access_key',
  'access-key',
  'accesskey',
  'secret_key',
  'secret-key',
  'secretkey',
  'private_key',
  'private-key',
  'privatekey',
  'encryption_key',
  'encryptionkey',
  'signing_key',
  'signingkey',
  'auth_key',
  'authkey',
  'credential',
];

/** The key word ends the name: `tokenUrl` and `passwordField` hold no secret. */
const KEY = `(?:${KEY_WORDS.join('|')})s?`;
const ASSIGNED = '["\'`]?\\]?\\s{0,4}(?::\\s{0,4}[A-Za-z]{3,20}\\s{0,4}=|:=|=>|[:=])\\s{0,4}';

/** `apiKey = "…"`, `"token": "…"`, `connect(password='…')` in any language. */
const QUOTED = new RegExp(
  `(?<key>${KEY})${ASSIGNED}(?<quote>["'\`])(?<secret>[^"'\`\\s]{6,200})\\k<quote>`,
  'gi',
);

/** `TOKEN=…` and `token: …` of settings files, where values stand without quotes. */
const BARE = new RegExp(
  `^[ \\t]{0,40}(?:(?:export|ENV|ARG|-)[ \\t]{1,4})?(?<before>[\\w.-]{0,60}?)(?<key>${KEY})[ \\t]{0,4}[=:][ \\t]{0,4}(?<secret>[^\\s"'\`#][^\\s"'\`]{5,200})[ \\t]{0,4}\\r?$`,
  'gim',
);

/** The word before the key word, when it makes a name of something public: `nextToken`, `csrf_token`. */
const HARMLESS_WORDS = new Set(
  (
    'public next previous page continuation cursor request response change sync csrf xsrf fake mock dummy example ' +
    'sample test expected invalid wrong no not is has show hide forgot reset confirm old new type kind param header ' +
    'field input label error max min'
  ).split(' '),
);

const PASSWORD_KEYS = /pass|pwd/i;

export const ASSIGNMENT_RULES: readonly SecretRule[] = [
  secretRule({
    id: 'secret-assignment',
    noun: 'random value given to a secret name',
    confidence: 'medium',
    keywords: KEY_WORDS,
    pattern: QUOTED,
    check: (secret, groups) => (namesSecret(groups) && looksRandom(secret, groups) ? 'likely' : 'none'),
    elsewhere: 'ignored',
  }),
  secretRule({
    id: 'secret-password',
    noun: 'password',
    severity: 'medium',
    confidence: 'low',
    keywords: ['password', 'passwd', 'passphrase', 'pwd'],
    pattern: QUOTED,
    check: (secret, groups) => (namesSecret(groups) && looksLikePassword(secret, groups) ? 'likely' : 'none'),
    minimumEntropy: 2.2,
    elsewhere: 'ignored',
  }),
];

/** For settings files only: elsewhere names without quotes are code. */
export const SETTING_RULES: readonly SecretRule[] = [
  secretRule({
    id: 'secret-setting',
    noun: 'random value given to a secret setting',
    confidence: 'medium',
    keywords: KEY_WORDS,
    pattern: BARE,
    check: (secret, groups) => (namesSecret(groups) && looksRandom(secret, groups) ? 'likely' : 'none'),
    elsewhere: 'ignored',
  }),
];

type Groups = Readonly<Record<string, string | undefined>>;

function namesSecret({ before = '' }: Groups): boolean {
  const qualifier = /([A-Za-z]+)[_-]?$/.exec(before)?.[1] ?? '';
  const last = qualifier.split(/(?<=[a-z])(?=[A-Z])/).at(-1) ?? '';
  // `AWS::IAM::AccessKey` names a type.
  return !before.endsWith('::') && !HARMLESS_WORDS.has(last.toLowerCase());
}

/** Letters and digits without a word, a path or code in them. */
function looksRandom(value: string, groups: Groups): boolean {
  const mixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  const numbered = UUID.test(value) && /token/i.test(groups['key'] ?? '');
  return value.length >= 16 && mixed && !numbered && !looksLikeCode(value) && entropy(value) >= 3.5;
}

function looksLikePassword(value: string, groups: Groups): boolean {
  const mixed = /[A-Za-z]/.test(value) && /[^A-Za-z]/.test(value);
  return (
    PASSWORD_KEYS.test(groups['key'] ?? '') && mixed && !looksLikeCode(value) && !looksRandom(value, groups)
  );
}

/** As a token it numbers a request; as a key or a password it may be one. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const CODE = [
  /^[$%@#&~/.\\:[({]/, // a variable, a path, a pattern
  /[({[]|[)\]}]$/, // a call or a template
  /:\/\//, // an address
  /^[A-Za-z]+(?:[-_./: ][A-Za-z]+)*\d{0,3}$/, // words
  /^\w+(?:\.\w+)+$/, // a member
  /^v?\d+(?:\.\d+)+/, // a version or a number
  /\\[dwsbnrtux]|\[\^|\(\?/, // a regular expression, an escape
  /^(?:sha\d{1,3}|md5|base64|urn|data|arn|projects|secret|vault|env|file)[:/-]/i, // a hash or a reference
  /pass_?word|secret|token/i, // what it is, said in its place
];

function looksLikeCode(value: string): boolean {
  return isPlaceholder(value) || isWordy(value) || CODE.some((pattern) => pattern.test(value));
}

/** Three quarters of it are words, as in a class name with a digit. */
function isWordy(value: string): boolean {
  const words = value.match(/[A-Z]?[a-z]{3,}/g) ?? [];
  return words.join('').length >= value.length * 0.75;
}
