import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { keywordFilter } from '../scan/keyword-filter.ts';
import { sourceOf } from '../scan/source.ts';
import { findSecrets, SECRET_RULES } from './find-secrets.ts';
import { maskSecrets } from './mask-secrets.ts';

// Everything that looks like a secret is put together here, so that the repository holds none.
const LETTERS = 'k7Qw2ZxR9mTn4VbY6cHd8JfLp3SgA5uEeXyWqNvMrBtKzPsGhDjFaCoUi';
const HEX = '3f9a1c7e5b2d8064';
const random = (length: number) => LETTERS.repeat(6).slice(0, length);
const hex = (length: number) => HEX.repeat(9).slice(0, length);
const join = (...parts: readonly string[]) => parts.join('');
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
function withChecksum(prefix: string, body: string): string {
  let rest = crc32(body);
  let checksum = '';
  for (; rest > 0; rest = Math.floor(rest / 62)) checksum = BASE62.charAt(rest % 62) + checksum;
  return join(prefix, body, checksum.padStart(6, '0'));
}

const GITHUB = withChecksum('ghp_', random(30));
const KEY_BODY = `\n${random(64)}\n${random(64)}\n`;
const pem = (kind: string) => `-----BEGIN ${kind}-----${KEY_BODY}-----END ${kind}-----\n`;
const jwt = (payload: object) =>
  `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(payload)}.${random(43)}`;
const future = Math.floor(Date.now() / 1000) + 1_000_000;

interface Sample {
  readonly leak: string;
  /** The same place without a secret. */
  readonly clean: string;
  readonly file?: string;
}

const SAMPLES: Readonly<Record<string, Sample>> = {
  'secret-private-key': {
    leak: pem('RSA PRIVATE KEY'),
    clean: "const header = '-----BEGIN RSA PRIVATE KEY-----';\nreturn header + body;",
  },
  'secret-encrypted-private-key': { leak: pem('ENCRYPTED PRIVATE KEY'), clean: pem('CERTIFICATE') },
  'secret-putty-key': {
    leak: join('PuTTY-User-Key-File', '-3: ssh-ed25519\nPublic-Lines: 2\nPrivate-Lines: 1\n', random(44)),
    clean: 'docs name PuTTY-User-Key-File-3: but hold no key',
  },
  'secret-json-web-token': {
    leak: `x = "${jwt({ sub: 'me', exp: future })}"`,
    clean: `x = "${base64url({ typ: 'page' })}.${base64url({ a: 1 })}.${random(43)}"`,
  },
  'secret-connection-string': {
    leak: join('url = "postgres://app:', random(12), '@db.shop.io:5432/main"'),
    clean:
      'url = "postgres://postgres:postgres@db.shop.io/x https://user:pass@host"; url2 = "https://example.com:80/a@b"',
  },
  'secret-connection-password': {
    leak: join('"Server=sql.shop.io;Database=a;User Id=app;Password=', random(12), ';"'),
    clean: '"Server=sql.shop.io;Database=a;User Id=app;Password={password};"',
  },
  'secret-aws-access-key-id': {
    leak: join('id = AKIA', 'Q3EGRT7HJK2LMNP4'),
    clean: join('id = AKIA', 'IOSFODNN7EXAMPLE'),
  },
  'secret-aws-secret-key': {
    leak: `aws_secret_access_key = ${random(40)}`,
    clean: `aws_secret_access_key = ${'A'.repeat(40)}`,
  },
  'secret-google-api-key': { leak: join('AI', 'za', random(35)), clean: join('AI', 'za', 'short') },
  'secret-google-client': { leak: join('GOCSPX', '-', random(28)), clean: join('GOCSPX', '-...') },
  'secret-azure-storage': {
    leak: join('AccountKey=', random(86), '=='),
    clean: join('AccountKey=', 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6', random(42), '=='),
  },
  'secret-azure-client': { leak: join('"aB1', '8Q~', random(34), '"'), clean: '"Q~ is not a key"' },
  'secret-digitalocean-token': { leak: join('dop', '_v1_', hex(64)), clean: join('dop', '_v1_', hex(20)) },
  'secret-vault-token': { leak: join('hvs', '.', random(95)), clean: join('hvs', '.', random(10)) },
  'secret-terraform-token': {
    leak: join(random(14), '.atlasv1.', random(64)),
    clean: join(random(14), '.atlasv1.', random(4)),
  },
  'secret-databricks-token': { leak: join('dapi', hex(32)), clean: 'dapiVersion' },
  'secret-age-key': {
    leak: join('AGE-SECRET-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'.repeat(2).slice(0, 58)),
    clean: 'AGE-SECRET-KEY-1... is the prefix',
  },
  'secret-github-token': { leak: GITHUB, clean: join('ghp_', 'x'.repeat(36)) },
  'secret-github-fine-grained-token': {
    leak: join('github_pat_', random(22), '_', random(59)),
    clean: 'github_pat_YOUR_TOKEN_HERE',
  },
  'secret-gitlab-token': {
    leak: join('glpat', '-', random(20)),
    clean: join('glpat', '-xxxxxxxxxxxxxxxxxxxx'),
  },
  'secret-npm-token': {
    leak: withChecksum('npm_', random(30)),
    clean: 'npm_config_registry=1 npm_package_version',
  },
  'secret-npmrc-token': {
    leak: join('//registry.shop.io/:_auth', 'Token=', random(36)),
    clean: '//registry.shop.io/:_authToken=${NPM_TOKEN}',
    file: '.npmrc',
  },
  'secret-pypi-token': {
    leak: join('pypi-', 'AgEIcHlwaS5vcmc', random(60)),
    clean: 'pypi-AgEIcHlwaS5vcmc...',
  },
  'secret-docker-token': { leak: join('dckr', '_pat_', random(27)), clean: 'dckr_pat_…' },
  'secret-atlassian-token': { leak: join('ATATT3', random(80)), clean: 'ATATT3 is a prefix' },
  'secret-grafana-token': {
    leak: ((start) => `${start}_${crc32(start).toString(16).padStart(8, '0')}`)(
      join('glsa', '_', random(32)),
    ),
    clean: 'glsa_token',
  },
  'secret-newrelic-key': {
    leak: join('NRAK', '-', random(40).toUpperCase().slice(0, 27)),
    clean: 'NRAK-KEY',
  },
  'secret-postman-key': { leak: join('PMAK', '-', hex(24), '-', hex(34)), clean: 'PMAK-…' },
  'secret-linear-key': { leak: join('lin', '_api_', random(40)), clean: 'lin_api_key' },
  'secret-supabase-token': { leak: join('sbp', '_', hex(40)), clean: 'sbp_token' },
  'secret-slack-token': {
    leak: join('xoxb', '-2483716509', '12-', random(30)),
    clean: join('xoxb', '-your-token-here'),
  },
  'secret-slack-webhook': {
    leak: join('https://hooks.slack.com/', 'services/T0', 'AB3CD5E/B0', 'FG7HJ9K/', random(24)),
    clean: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  },
  'secret-discord-webhook': {
    leak: join('https://discord.com/', 'api/webhooks/', '123456789012345678', '/', random(68)),
    clean: 'https://discord.com/api/webhooks/ID/TOKEN',
  },
  'secret-discord-token': {
    leak: `discord: ${join(Buffer.from('1143556789012345678').toString('base64url'), '.', random(6), '.', random(38))}`,
    clean: `discord: M${random(23)}.${random(6)}.${random(38)}`,
  },
  'secret-telegram-token': { leak: join('11043', '28576:AA', random(33)), clean: '12:AA:BB:CC:DD' },
  'secret-stripe-key': { leak: join('sk', '_live_', random(24)), clean: join('sk', '_live_', '...') },
  'secret-stripe-test-key': { leak: join('sk', '_test_', random(24)), clean: 'sk_test_mode' },
  'secret-stripe-webhook': { leak: join('whsec', '_', random(32)), clean: 'whsec_…' },
  'secret-shopify-token': { leak: join('shpat', '_', hex(32)), clean: 'shpat_token' },
  'secret-square-token': { leak: join('sq0atp', '-', random(22)), clean: 'sq0atp-x' },
  'secret-twilio-key': { leak: join('twilio SK', hex(32)), clean: `sha SK${hex(32)}` },
  'secret-sendgrid-key': { leak: join('SG', '.', random(22), '.', random(43)), clean: 'MSG.text.value' },
  'secret-mailgun-key': { leak: join('mailgun key', '-', hex(32)), clean: 'mailgun key-name' },
  'secret-openai-key': {
    leak: join('sk-', 'proj-', random(40), 'T3Blbk', 'FJ', random(40)),
    clean: 'T3BlbkFJ is "OpenAI"',
  },
  'secret-anthropic-key': { leak: join('sk-ant', '-api03-', random(93), 'AA'), clean: 'sk-ant-api03-...' },
  'secret-huggingface-token': {
    leak: join('hf', '_', LETTERS.replace(/\d/g, '').slice(0, 34)),
    clean: 'hf_hub_download',
  },
  'secret-model-provider-key': { leak: join('gsk', '_', random(52)), clean: 'gsk_test' },
  'secret-assignment': {
    leak: `const apiKey = '${random(24)}';`,
    clean:
      "const apiKey = 'settings.provider.apiKey'; const nextToken = 'a8Kd93kdLs02kfLq7xZ1'; const tokenUrl = 'x'",
  },
  'secret-password': {
    leak: join('db.pass', 'word = "tr0u', 'b4dor&3x"'),
    clean: 'db.password = "Passwort eingeben"; password: "password123"; password = "${DB_PASSWORD}"',
  },
  'secret-setting': {
    leak: `API_TOKEN=${random(28)}`,
    clean: 'API_TOKEN=$OTHER\nSECRET_NAME=backend-tls\nTOKEN=',
    file: 'deploy/.env',
  },
};

const candidates = keywordFilter(SECRET_RULES);
const rulesIn = (text: string, file = 'src/app.ts') =>
  findSecrets(sourceOf(file, text), candidates(text)).map(({ rule }) => rule.id);

test('there is a leak and a clean twin for every rule', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual(SECRET_RULES.map(({ id }) => id).sort());
});

test.each(Object.entries(SAMPLES))('[HYG-23] %s finds the leak and not its clean twin', (id, {
  leak,
  clean,
  file,
}) => {
  expect(rulesIn(`\nfirst\n${leak}\nlast\n`, file)).toEqual([id]);
  expect(rulesIn(`\nfirst\n${clean}\nlast\n`, file)).toEqual([]);
});

test('a GitHub token with the right checksum is certain, with a wrong one still told, and doubtful', () => {
  const [certain] = findSecrets(sourceOf('a.ts', GITHUB), SECRET_RULES);
  const [doubtful] = findSecrets(sourceOf('a.ts', join('ghp_', random(36))), SECRET_RULES);
  expect(certain).toMatchObject({ severity: 'critical', confidence: 'high' });
  expect(doubtful).toMatchObject({ severity: 'high', confidence: 'low' });
});

test('[HYG-23] a message never holds the secret', () => {
  for (const { leak, file } of Object.values(SAMPLES)) {
    const source = sourceOf(file ?? 'src/app.ts', leak);
    for (const { message, index, length } of findSecrets(source, SECRET_RULES)) {
      const secret = leak.slice(index, index + length);
      expect(message).not.toContain(secret);
      expect(message).not.toContain(secret.slice(0, 8));
    }
  }
});

test('an expired JSON Web Token and an address of this machine are worth a note only', () => {
  const severities = (text: string) =>
    findSecrets(sourceOf('a.ts', text), SECRET_RULES).map((hit) => hit.severity);
  expect(severities(`x = "${jwt({ sub: 'me', exp: 1_000_000_000 })}"`)).toEqual(['info']);
  expect(severities(join('redis://:', random(14), '@localhost:6379'))).toEqual(['low']);
});

test('a word that names a secret is searched in settings without quotes and not in code', () => {
  const line = `token = ${random(28)}`;
  expect(rulesIn(line, 'app.ini')).toEqual(['secret-setting']);
  expect(rulesIn(line, 'app.rb')).toEqual([]);
});

test('in tests and documents only what has the form of a real token counts', () => {
  expect(rulesIn(`apiKey = '${random(24)}'`, 'test/app.test.ts')).toEqual([]);
  expect(rulesIn(GITHUB, 'test/app.test.ts')).toEqual(['secret-github-token']);
  const [key] = findSecrets(sourceOf('test/fixtures/tls.pem', pem('PRIVATE KEY')), SECRET_RULES);
  expect(key).toMatchObject({ severity: 'medium' });
});

test('masking replaces every secret, a private key as a whole, and keeps the rest', () => {
  const text = `a\n${pem('EC PRIVATE KEY')}b ${GITHUB} c\nconst apiKey = '${random(24)}';\n`;
  expect(maskSecrets('src/a.ts', text)).toEqual({
    text: "a\n[secret: secret-private-key]\nb [secret: secret-github-token] c\nconst apiKey = '[secret: secret-assignment]';\n",
    masked: 3,
  });
  expect(maskSecrets('src/a.ts', 'const a = 1;\n')).toEqual({ text: 'const a = 1;\n', masked: 0 });
});

const PIECES = [
  'a',
  '"',
  'password',
  'token="',
  '://',
  ':',
  '@',
  ' ',
  'server=',
  ';',
  'eyJ',
  '.',
  'aws',
  '-',
  'A1',
  '\\n',
];
test.each(PIECES)('no pattern takes long on a megabyte of %j', (piece) => {
  const text = piece.repeat(1_000_000 / piece.length);
  const started = performance.now();
  findSecrets(sourceOf('app.ini', text), SECRET_RULES);
  expect(performance.now() - started).toBeLessThan(5_000);
});
