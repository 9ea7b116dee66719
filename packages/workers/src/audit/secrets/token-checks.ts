import { crc32 } from 'node:zlib';
import type { Verdict } from './secret-rule.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const CHECKSUM_LENGTH = 6;

/**
 * Classic tokens of GitHub and npm: a prefix, 30 random characters, and their CRC-32 in base 62 with six digits
 * (github.blog, "Behind GitHub's new authentication token formats", 2021).
 */
export function checkBase62Crc(token: string): Verdict {
  const body = token.slice(token.indexOf('_') + 1);
  if (body.length !== 36) return 'likely';
  const random = body.slice(0, -CHECKSUM_LENGTH);
  return base62(crc32(random)) === body.slice(-CHECKSUM_LENGTH) ? 'certain' : 'doubtful';
}

function base62(value: number): string {
  const digits: string[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) digits.unshift(BASE62.charAt(rest % 62));
  return digits.join('').padStart(CHECKSUM_LENGTH, '0');
}

/** Grafana service accounts: `glsa_`, 32 random characters, `_` and the CRC-32 of what precedes it, in hex. */
export function checkGrafanaCrc(token: string): Verdict {
  const end = token.lastIndexOf('_');
  const checksum = crc32(token.slice(0, end)).toString(16).padStart(8, '0');
  return checksum === token.slice(end + 1).toLowerCase() ? 'certain' : 'doubtful';
}

/** The first part of a Discord bot token is the bot's numeric id in base 64. */
export function checkDiscordToken(token: string): Verdict {
  return /^\d{17,20}$/.test(decodeBase64(token.split('.')[0] ?? '')) ? 'certain' : 'none';
}

/** The first part of a JSON Web Token is a JSON object with the algorithm; one that has expired opens nothing. */
export function checkJsonWebToken(token: string): Verdict {
  const [header, payload] = token.split('.').map((part) => parseObject(decodeBase64(part)));
  if (typeof header?.['alg'] !== 'string' || header['alg'].toLowerCase() === 'none') return 'none';
  const expires = payload?.['exp'];
  return typeof expires === 'number' && expires * 1000 < Date.now() ? 'doubtful' : 'likely';
}

function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64url').toString('utf8');
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
