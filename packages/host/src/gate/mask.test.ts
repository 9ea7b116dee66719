import { describe, expect, test } from 'vitest';
import { createMask } from './mask.ts';

const SECRET = 'p4ss/w+rd "é" ÿ~';

function masking(...secrets: string[]) {
  const mask = createMask();
  for (const secret of secrets) mask.add(secret);
  return mask;
}

describe('the mask', () => {
  test.each<[string, (secret: string) => string]>([
    ['as it is', (secret) => secret],
    ['in a URL', encodeURIComponent],
    ['in a form', (secret) => new URLSearchParams({ q: secret }).toString().slice(2)],
    ['in JSON', (secret) => JSON.stringify({ secret })],
    ['in base64', (secret) => Buffer.from(secret).toString('base64')],
    ['in base64url', (secret) => Buffer.from(secret).toString('base64url')],
    ['in base64 behind one byte', (secret) => Buffer.from(`a${secret}`).toString('base64')],
    ['in base64 behind two bytes', (secret) => Buffer.from(`ab${secret}`).toString('base64')],
    ['in the middle of base64', (secret) => Buffer.from(`user:${secret}:more`).toString('base64')],
    ['in the middle of base64url', (secret) => Buffer.from(`user:${secret}:more`).toString('base64url')],
  ])('[WRK-22] takes a secret out %s', (_name, write) => {
    const written = write(SECRET);
    const masked = masking(SECRET).text(`before ${written} after`);
    expect(masked).toMatch(/^before .*\*\*\*.* after$/);
    const left = masked.slice('before '.length, -' after'.length).replaceAll('***', '');
    expect(Buffer.from(left, 'base64').toString()).not.toContain('p4ss');
    expect(masked).not.toContain(SECRET);
  });

  test('[WRK-22] takes the lines of a key out one by one', () => {
    const key = '-----BEGIN KEY-----\nQUJDREVGR0hJSktMTU5P\nUFFSU1RVVldYWVo=\n-----END KEY-----';
    const masked = key.split('\n').map((line) => masking(key).text(line));
    expect(masked).toEqual(['***', '***', '***', '***']);
  });

  test('[WRK-22] reaches every text of a value, names included', () => {
    const value = { a: ['x', { [SECRET]: `-${SECRET}-` }], n: 1, nothing: null };
    expect(masking(SECRET).data(value)).toEqual({ a: ['x', { '***': '-***-' }], n: 1, nothing: null });
  });

  test('a secret that holds another is taken out whole', () => {
    expect(masking('secret', 'secret-and-more').text('secret-and-more')).toBe('***');
  });

  test('[WRK-22] a secret as long as a file is taken out whole, and what only begins like it is left', () => {
    const long = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join('.');
    const mask = masking(long, long.slice(0, 6));
    for (const written of [long, encodeURIComponent(long), Buffer.from(long).toString('base64')])
      expect(mask.text(`before ${written} after ${written}`)).toBe('before *** after ***');
    const alike = masking(long);
    const other = `${long.slice(0, 40)} and ${long.slice(0, 39)}`;
    expect(alike.text(other)).toBe(other);
    expect(alike.beginningAtEndOf(`so ${long.slice(0, 70_000)}`)).toBe(70_000);
    // Shorter ones are found in what only begins like a longer one.
    expect(
      masking('secret-of-', 'secret-of-somebody-who-is-not-here').text('secret-of-somebody-who-is'),
    ).toBe('***somebody-who-is');
    expect(masking('xsecret-of-somebody-who-is-not-here', 'secret').text('xsecret-of-somebody-who')).toBe(
      'x***-of-somebody-who',
    );
  });

  test('what is too short to be hidden leaves texts as they are, and so does no secret at all', () => {
    expect(masking('a', '').text('banana')).toBe('banana');
    expect(masking().text('banana')).toBe('banana');
  });
});
