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

  test('what is too short to be hidden leaves texts as they are, and so does no secret at all', () => {
    expect(masking('a', '').text('banana')).toBe('banana');
    expect(masking().text('banana')).toBe('banana');
  });
});
