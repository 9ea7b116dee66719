import type { Rule } from '../rule.ts';

/** A condition on a node of the syntax tree, in the notation of ast-grep. */
export interface NodeRule {
  readonly pattern?: string;
  readonly kind?: string;
  readonly regex?: string;
  readonly any?: readonly NodeRule[];
  readonly all?: readonly NodeRule[];
  readonly not?: NodeRule;
  readonly has?: NodeRule & { readonly stopBy?: 'end' };
}

/** A flaw that a pattern over the syntax tree finds in JavaScript and TypeScript. */
export interface SyntaxRule extends Rule {
  readonly kind: 'sast';
  /** Cheap test of the text: parsing costs a hundred times as much. */
  readonly likely?: RegExp;
  readonly match: NodeRule;
  readonly constraints?: Readonly<Record<string, NodeRule>>;
  /** Only where there is JSX: its nodes do not exist in plain TypeScript. */
  readonly jsx?: boolean;
}

const rule = (given: Omit<SyntaxRule, 'kind'>): SyntaxRule => ({ kind: 'sast', ...given });

/** A pattern with one or more arguments: `$$$` also needs the comma before it. */
const call = (callee: string, ...args: readonly string[]): NodeRule => ({
  any: [{ pattern: `${callee}(${args.join(', ')})` }, { pattern: `${callee}(${args.join(', ')}, $$$REST)` }],
});

const TEMPLATE: NodeRule = { kind: 'template_string', has: { kind: 'template_substitution' } };
const LITERAL: NodeRule = {
  any: [
    { kind: 'string' },
    { kind: 'number' },
    { kind: 'null' },
    { kind: 'undefined' },
    { kind: 'true' },
    { kind: 'false' },
    { kind: 'template_string', not: { has: { kind: 'template_substitution' } } },
  ],
};
const VALUE: NodeRule = { not: LITERAL };
const BUILT: NodeRule = {
  any: [TEMPLATE, { kind: 'binary_expression', has: { any: [{ kind: 'string' }, TEMPLATE] } }],
};
/** Something in the arguments comes from elsewhere; functions are callbacks. */
const FROM_ELSEWHERE: NodeRule = {
  kind: 'arguments',
  has: {
    any: [
      { kind: 'identifier' },
      { kind: 'member_expression' },
      { kind: 'call_expression' },
      BUILT,
      { kind: 'array', has: { not: LITERAL, regex: '\\w' } },
    ],
  },
};
const SQL_TEXT =
  '(?i)^[`"\']\\s*(select\\s|insert\\s+into|update\\s+\\S+\\s+set|delete\\s+from|replace\\s+into|drop\\s|alter\\s)';

export const JAVASCRIPT_RULES: readonly SyntaxRule[] = [
  rule({
    id: 'javascript-eval',
    title: 'eval of a value',
    severity: 'high',
    confidence: 'high',
    cwe: 95,
    fix: 'parse the value instead: JSON.parse, or a table of functions',
    keywords: ['eval'],
    likely: /\beval\s{0,9}\(/,
    match: call('$F', '$X'),
    constraints: { F: { regex: '^((window|globalThis|global|self)\\.)?eval$' }, X: VALUE },
  }),
  rule({
    id: 'javascript-new-function',
    title: 'Function made from text',
    severity: 'medium',
    confidence: 'medium',
    cwe: 95,
    fix: 'write the function out, or choose it from a table',
    keywords: ['Function'],
    likely: /\bFunction\s{0,9}\(/,
    match: {
      any: [{ pattern: 'new Function($$$A)' }, { pattern: 'Function($$$A)' }],
      has: FROM_ELSEWHERE,
    },
  }),
  rule({
    id: 'javascript-shell',
    title: 'Shell command put together from values',
    severity: 'high',
    confidence: 'high',
    cwe: 78,
    fix: 'use execFile or spawn with a list of arguments',
    keywords: ['child_process'],
    likely: /\bexec(?:Sync)?\s{0,9}\(/,
    match: call('$F', '$C'),
    constraints: {
      F: {
        regex: '^((child_process|childProcess|cp|require\\(.(node:)?child_process.\\))\\.)?(exec|execSync)$',
      },
      C: BUILT,
    },
  }),
  rule({
    id: 'javascript-spawn-shell',
    title: 'Program run through a shell with values',
    severity: 'high',
    confidence: 'medium',
    cwe: 78,
    fix: 'leave shell: true out; arguments then reach the program as they are',
    keywords: ['child_process'],
    likely: /\bshell\b/,
    match: {
      pattern: '$F($$$A)',
      all: [
        { has: { stopBy: 'end', kind: 'pair', regex: '^["\']?shell["\']?\\s*:\\s*true$' } },
        { has: FROM_ELSEWHERE },
      ],
    },
    constraints: { F: { regex: '(^|\\.)(spawn|spawnSync|execFile|execFileSync)$' } },
  }),
  rule({
    id: 'javascript-markup',
    title: 'Value written into the page as markup',
    severity: 'medium',
    confidence: 'medium',
    cwe: 79,
    fix: 'use textContent, or clean the markup first',
    keywords: ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'document.write'],
    likely: /HTML\s{0,9}\+?=(?!=)|insertAdjacentHTML\s{0,9}\(|document\.write/,
    match: {
      any: [
        { pattern: '$O.innerHTML = $V' },
        { pattern: '$O.innerHTML += $V' },
        { pattern: '$O.outerHTML = $V' },
        { pattern: '$O.insertAdjacentHTML($P, $V)' },
        { pattern: 'document.write($V)' },
        { pattern: 'document.writeln($V)' },
      ],
    },
    constraints: { V: VALUE },
  }),
  rule({
    id: 'javascript-react-markup',
    title: 'Value written into the page as markup',
    severity: 'medium',
    confidence: 'low',
    cwe: 79,
    fix: 'render it as text, or clean the markup first',
    keywords: ['dangerouslySetInnerHTML'],
    jsx: true,
    match: {
      kind: 'jsx_attribute',
      regex: '^dangerouslySetInnerHTML',
      has: {
        stopBy: 'end',
        kind: 'pair',
        has: {
          any: [{ kind: 'identifier' }, { kind: 'member_expression' }, { kind: 'call_expression' }, TEMPLATE],
        },
      },
    },
  }),
  rule({
    id: 'javascript-tls-disabled',
    title: 'Certificate check turned off',
    severity: 'high',
    confidence: 'high',
    cwe: 295,
    fix: 'leave it on; name a private authority with `ca` or NODE_EXTRA_CA_CERTS',
    keywords: ['rejectUnauthorized', 'NODE_TLS_REJECT_UNAUTHORIZED'],
    match: {
      any: [
        { kind: 'pair', regex: '^["\']?rejectUnauthorized["\']?\\s*:\\s*(false|0)$' },
        { kind: 'assignment_expression', regex: '\\.rejectUnauthorized\\s*=\\s*(false|0)$' },
        {
          kind: 'assignment_expression',
          regex: 'NODE_TLS_REJECT_UNAUTHORIZED["\'\\]]*\\s*=\\s*["\']?0["\']?$',
        },
      ],
    },
  }),
  rule({
    id: 'javascript-weak-password-hash',
    title: 'Password hashed with a fast digest',
    severity: 'high',
    confidence: 'medium',
    cwe: 916,
    fix: 'use crypto.scrypt, or argon2 or bcrypt from a library',
    keywords: ['createHash'],
    likely: /\.update\s{0,9}\(/,
    match: call('$C.update', '$V'),
    constraints: {
      C: { regex: 'createHash\\(\\s*["\'`](md5|sha-?1|sha-?224|sha-?256)["\'`]\\s*\\)$' },
      V: { regex: '(?i)pass(word|wd|phrase)|\\bpwd\\b' },
    },
  }),
  rule({
    id: 'javascript-weak-cipher',
    title: 'Broken or keyless cipher',
    severity: 'high',
    confidence: 'high',
    cwe: 327,
    fix: 'use createCipheriv with aes-256-gcm',
    keywords: ['createCipher', 'createDecipher'],
    likely: /["'`](?:des|rc2|rc4|bf|blowfish)|-ecb/i,
    match: call('$C', '$A'),
    constraints: {
      C: { regex: '(^|\\.)create(Cipher|Decipher)(iv)?$' },
      A: { regex: '(?i)^["\'`](des|rc2|rc4|bf|blowfish|.*-ecb)' },
    },
  }),
  rule({
    id: 'javascript-hard-coded-key',
    title: 'Key written into the code',
    severity: 'high',
    confidence: 'high',
    cwe: 321,
    fix: 'read the key from the environment or a secret store',
    keywords: ['createCipheriv', 'createDecipheriv', 'createHmac', 'jwt.sign', 'jwt.verify'],
    match: call('$C', '$A', '$K'),
    constraints: {
      C: { regex: '(^|\\.)(create(Cipher|Decipher)iv|createHmac)$|^(jwt|jsonwebtoken)\\.(sign|verify)$' },
      K: { kind: 'string', regex: '^.{6,}$' },
    },
  }),
  rule({
    id: 'javascript-token-unverified',
    title: 'Token accepted without a signature',
    severity: 'high',
    confidence: 'high',
    cwe: 347,
    fix: 'name the algorithms that you issue, never none',
    keywords: ['algorithm'],
    likely: /["'`]none["'`]/i,
    match: { kind: 'pair', regex: '(?is)^["\']?algorithms?["\']?\\s*:.*["\'`]none["\'`]' },
  }),
  rule({
    id: 'javascript-weak-random',
    title: 'Secret from a predictable generator',
    severity: 'medium',
    confidence: 'medium',
    cwe: 330,
    fix: 'use crypto.randomBytes or crypto.randomUUID',
    keywords: ['Math.random'],
    likely: /token|secret|passw|session|nonce|otp|api_?key/i,
    match: {
      any: [
        { pattern: '$N = $V' },
        { kind: 'variable_declarator', has: { stopBy: 'end', pattern: 'Math.random()' } },
      ],
      all: [
        {
          regex:
            '^[\\w$.]*(?i:token|secret|passw(or)?d|session_?id|nonce|otp|api_?key)\\w{0,10}\\s*(:\\s*\\w+\\s*)?=',
        },
        { has: { stopBy: 'end', pattern: 'Math.random()' } },
      ],
    },
  }),
  rule({
    id: 'javascript-vm',
    title: 'Code from a value run in node:vm',
    severity: 'medium',
    confidence: 'medium',
    cwe: 95,
    fix: 'node:vm is no protection: run foreign code in a process of its own, or parse the value',
    keywords: ['runInNewContext', 'runInThisContext', 'runInContext', 'vm.Script', 'compileFunction'],
    match: {
      any: [
        ...['runInNewContext', 'runInThisContext', 'runInContext', 'compileFunction'].flatMap((name) => [
          call(`vm.${name}`, '$X'),
          call(name, '$X'),
        ]),
        { pattern: 'new vm.Script($X)' },
        { pattern: 'new vm.Script($X, $$$REST)' },
      ],
    },
    constraints: { X: VALUE },
  }),
  rule({
    id: 'javascript-sql',
    title: 'SQL put together from values',
    severity: 'medium',
    confidence: 'medium',
    cwe: 89,
    fix: 'write placeholders and pass the values as parameters',
    keywords: ['select ', 'insert ', 'update ', 'delete ', 'replace ', 'drop ', 'alter '],
    likely: /[`"']\s{0,40}(?:select\s|insert\s+into|update\s|delete\s+from|replace\s+into|drop\s|alter\s)/i,
    match: call('$O.$M', '$Q'),
    constraints: {
      M: { regex: '^(query|execute|raw|run|all|get|each|\\$queryRawUnsafe|\\$executeRawUnsafe)$' },
      Q: { all: [BUILT, { regex: SQL_TEXT }] },
    },
  }),
  rule({
    id: 'javascript-deserialize',
    title: 'Deserialisation that runs code',
    severity: 'high',
    confidence: 'high',
    cwe: 502,
    fix: 'use JSON.parse',
    keywords: ['node-serialize', 'serialize-to-js', 'funcster'],
    match: call('$F', '$V'),
    constraints: { F: { regex: '(^|\\.)(unserialize|deepDeserialize|deserialize)$' }, V: VALUE },
  }),
  rule({
    id: 'javascript-timer-text',
    title: 'Timer given text to evaluate',
    severity: 'medium',
    confidence: 'high',
    cwe: 95,
    fix: 'pass a function',
    keywords: ['setTimeout', 'setInterval'],
    likely: /\bset(?:Timeout|Interval)\s{0,9}\(\s{0,9}(?:["'`]|\w{1,40}\s{0,9}\+)/,
    match: { pattern: '$F($T, $$$REST)' },
    constraints: {
      F: { regex: '^(window\\.)?(setTimeout|setInterval)$' },
      T: { any: [{ kind: 'string' }, BUILT] },
    },
  }),
  rule({
    id: 'javascript-message-to-anyone',
    title: 'Message sent to a page of any origin',
    severity: 'low',
    confidence: 'medium',
    cwe: 346,
    fix: 'name the origin that shall receive it',
    keywords: ['postMessage'],
    likely: /["'`]\*["'`]/,
    match: { pattern: '$W.postMessage($M, $O)' },
    constraints: { O: { regex: '^["\'`]\\*["\'`]$' } },
  }),
];
