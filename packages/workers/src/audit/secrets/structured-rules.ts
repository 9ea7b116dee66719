import { type SecretRule, secretRule, type Verdict } from './secret-rule.ts';
import { checkJsonWebToken } from './token-checks.ts';

const WEAK_PASSWORDS =
  /^(?:pass(?:word|wd|phrase)?|pwd|secret|admin|root|user(?:name)?|test|guest|postgres|mysql|mongo|redis|rabbitmq|sa|foo|bar|baz|name|token|credentials?|pw|p|x+|\*+)\d{0,4}$/i;
const LOCAL_HOST = /^(?:localhost|127\.|0\.0\.0\.0|\[?::1)|\.(?:local|localhost)\b/i;
/** Reserved for documentation (RFC 2606), and words that stand for a host. */
const EXAMPLE_HOST = /(?:^|\.)example\b|\.(?:test|invalid)\b|^(?:host(?:name)?|server|domain)\b/i;

/** Secrets that are known by their form and not by who issued them. */
export const STRUCTURED_RULES: readonly SecretRule[] = [
  secretRule({
    id: 'secret-private-key',
    noun: 'private key',
    severity: 'critical',
    keywords: ['PRIVATE KEY'],
    // With the start of its body, so that code which only names the header is not taken for a key.
    pattern:
      /-----BEGIN (?:RSA |EC |DSA |OPENSSH |PGP )?PRIVATE KEY(?: BLOCK)?-----(?<head>[\s\S]{0,200}?)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}[^-]{0,20000}(?:-----END[^-\n]{0,40}-----)?/g,
    check: (_secret, { head }) => (/ENCRYPTED/.test(head ?? '') ? 'doubtful' : 'likely'),
    fix: 'make a new key, replace it where it is trusted, and keep keys out of the repository',
    doubtful: 'medium',
    elsewhere: 'medium',
  }),
  secretRule({
    id: 'secret-encrypted-private-key',
    noun: 'encrypted private key',
    severity: 'medium',
    keywords: ['BEGIN ENCRYPTED PRIVATE KEY'],
    pattern:
      /-----BEGIN ENCRYPTED PRIVATE KEY-----\s{0,4}[A-Za-z0-9+/]{40}[^-]{0,20000}(?:-----END[^-\n]{0,40}-----)?/g,
    elsewhere: 'low',
  }),
  secretRule({
    id: 'secret-putty-key',
    noun: 'PuTTY private key',
    severity: 'critical',
    keywords: ['PuTTY-User-Key-File'],
    pattern:
      /PuTTY-User-Key-File-\d:[\s\S]{0,2000}?Private-Lines: \d{1,3}(?:\r?\n[A-Za-z0-9+/=]{1,64}){0,100}/g,
    elsewhere: 'medium',
  }),
  secretRule({
    id: 'secret-json-web-token',
    noun: 'JSON Web Token',
    severity: 'medium',
    confidence: 'medium',
    keywords: ['eyJ'],
    pattern: /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{20,1000}/g,
    check: checkJsonWebToken,
    doubtful: 'info',
    elsewhere: 'ignored',
  }),
  secretRule({
    id: 'secret-connection-string',
    noun: 'password in an address',
    confidence: 'medium',
    keywords: [
      'postgres',
      'mysql:',
      'mariadb:',
      'mongodb',
      'redis',
      'amqp',
      'mssql',
      'sqlserver',
      'ftp',
      'smtp',
      'ldap',
      'http://',
      'https://',
    ],
    pattern:
      /\b(?:postgres(?:ql)?(?:\+\w{1,20})?|mysql(?:\+\w{1,20})?|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|s?ftps?|smtps?|ldaps?|https?):\/\/(?<user>[^\s:/?#@"'`<>{}$]{0,80}):(?<secret>[^\s/?#@"'`<>{}$]{3,200})@(?<host>[^\s/?#"'`<>]{1,200})/gi,
    check: checkAddress,
    doubtful: 'low',
    minimumEntropy: 0,
    elsewhere: 'ignored',
  }),
  secretRule({
    id: 'secret-connection-password',
    noun: 'password in a connection string',
    confidence: 'medium',
    keywords: ['password=', 'pwd='],
    pattern:
      /\b(?:server|data source|host)=(?<host>[^;"'\n]{1,200});[^"'\n]{0,300}?\b(?:password|pwd)=(?<secret>[^;"'\s<>{}$]{4,100})/gi,
    check: checkAddress,
    doubtful: 'low',
    minimumEntropy: 0,
    elsewhere: 'ignored',
  }),
];

/** A default password is an example; one for this machine opens nothing from outside. */
function checkAddress(secret: string, groups: Readonly<Record<string, string | undefined>>): Verdict {
  const { user = '', host = '' } = groups;
  if (WEAK_PASSWORDS.test(secret) || secret === user || EXAMPLE_HOST.test(host)) return 'none';
  return LOCAL_HOST.test(host) || !/[.:]/.test(host) ? 'doubtful' : 'likely';
}
