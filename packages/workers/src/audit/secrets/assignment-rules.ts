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
/** Bounded, so that a megabyte of word characters costs no more than its length. */
const BEFORE = '(?<before>(?<![\\w$.-])[\\w$.-]{0,40}?)';
const ASSIGNED = '["\'`]?\\]?\\s{0,4}(?::\\s{0,4}[A-Za-z]{3,20}\\s{0,4}=|:=|=>|[:=])\\s{0,4}';

/** `apiKey = "…"`, `"token": "…"`, `connect(password='…')` in any language. */
const QUOTED = new RegExp(`${BEFORE}(?<key>${KEY})${ASSIGNED}(?<quote>["'\`])(?<secret>[^"'\`\\s]{6,200})\\k<quote>`, 'gi');

/** `TOKEN=…` and `token: …` of settings files, where values stand without quotes. */
const BARE = new RegExp(
  `^[ \\t]{0,40}(?:(?:export|ENV|ARG|-)[ \\t]{1,4})?(?<before>[\\w.-]{0,60}?)(?<key>${KEY})[ \\t]{0,4}[=:][ \\t]{0,4}(?<secret>[^\\s"'\`#][^\\s"'\`]{5,200})[ \\t]{0,4}\\r?$`,
  'gim',
);

/** Names that end in a key word and hold something public. */
const HARMLESS_NAMES =
  /(?:public|next|page|continuation|cursor|csrf|xsrf|fake|mock|dummy|example|sample|test|expected|invalid|wrong|no|is|has|show|hide|forgot|reset|confirm|type|kind|param|header|field|input|label|error|max|min)[_.-]?$/i;

const PASSWORD_KEYS = /pass|pwd/i;

export const ASSIGNMENT_RULES: readonly SecretRule[] = [
  secretRule({
    id: 'secret-assignment',
    noun: 'random value given to a secret name',
    confidence: 'medium',
    keywords: KEY_WORDS,
    pattern: QUOTED,
    check: (secret, groups) => (isUnnamed(groups) && looksRandom(secret) ? 'likely' : 'none'),
    elsewhere: 'ignored',
  }),
  secretRule({
    id: 'secret-password',
    noun: 'password',
    severity: 'medium',
    confidence: 'low',
    keywords: ['password', 'passwd', 'passphrase', 'pwd'],
    pattern: QUOTED,
    check: (secret, groups) => (isUnnamed(groups) && looksLikePassword(secret, groups) ? 'likely' : 'none'),
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
    check: (secret, groups) => (isUnnamed(groups) && looksRandom(secret) ? 'likely' : 'none'),
    elsewhere: 'ignored',
  }),
];

type Groups = Readonly<Record<string, string | undefined>>;

function isUnnamed(groups: Groups): boolean {
  return !HARMLESS_NAMES.test(groups['before'] ?? '');
}

/** Letters and digits without a word, a path or code in them. */
function looksRandom(value: string): boolean {
  const mixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  return value.length >= 16 && mixed && !looksLikeCode(value) && entropy(value) >= 3.5;
}

function looksLikePassword(value: string, groups: Groups): boolean {
  const mixed = /[A-Za-z]/.test(value) && /[^A-Za-z]/.test(value);
  return PASSWORD_KEYS.test(groups['key'] ?? '') && mixed && !looksLikeCode(value) && !looksRandom(value);
}

const CODE = [
  /^[$%@#&~/.\\:[({]/, // a variable, a path, a pattern
  /[({[]|[)\]}]$/, // a call or a template
  /:\/\//, // an address
  /^[A-Za-z]+(?:[-_./: ][A-Za-z]+)*\d{0,3}$/, // words
  /^[a-z]+(?:[A-Z][a-z]+)*\d{0,3}$/, // an identifier
  /^\w+(?:\.\w+)+$/, // a member
  /^v?\d+(?:\.\d+)+/, // a version or a number
  /\\[dwsbnrtux]|\[\^|\(\?/, // a regular expression, an escape
  /^(?:sha\d{1,3}|md5|base64|urn|data|arn|projects|secret|vault|env|file)[:/-]/i, // a hash or a reference
];

function looksLikeCode(value: string): boolean {
  return isPlaceholder(value) || CODE.some((pattern) => pattern.test(value));
}

