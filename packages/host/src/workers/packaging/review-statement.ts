import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { canonicalJson, once } from '@cadre/core';
import { writeAtomic } from '@cadre/kit/files';
import { z } from 'zod';
import { isSignedText, signText } from '../../signing/signing-key.ts';

/** A word of a reviewer on one content, as it stands in the file beside the package. */
export interface ReviewStatement extends ReviewSaid {
  /** Public key: SubjectPublicKeyInfo, DER, base64. */
  readonly key: string;
  readonly signature: string;
}

export interface ReviewSaid {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  readonly points: readonly string[];
  readonly note?: string;
  readonly at: number;
}

/** After the name of a package: statements of its reviewers, one a line. */
export const REVIEWS = '.reviews';

const MOST_BYTES = 2 ** 20;

const shape = once(() =>
  z.strictObject({
    id: z.string(),
    version: z.string(),
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    points: z.array(z.string().max(50)).max(50),
    note: z.string().max(2_000).exactOptional(),
    at: z.number().int().min(0).max(8_640_000_000_000_000),
    key: z.base64().min(1).max(200),
    signature: z.base64().min(1).max(200),
  }),
);

function signedText({ id, version, digest, points, note, at }: ReviewSaid): string {
  const said = { id, version, digest, points: [...points], at, ...(note === undefined ? {} : { note }) };
  return `cadre worker review v1\n${canonicalJson(said)}\n`;
}

export function signReview(said: ReviewSaid, key: KeyObject): ReviewStatement {
  const { key: open, signature } = signText(signedText(said), key);
  return { ...said, key: open, signature };
}

/** Those of a content whose signatures are right. What else stands in the file is nobody's word, and is passed over. */
export async function readReviews(file: string, digest: string): Promise<readonly ReviewStatement[]> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size > MOST_BYTES) return [];
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines
    .map(parse)
    .filter((one) => one !== undefined && one.digest === digest && isTrue(one)) as ReviewStatement[];
}

/** Of one reviewer the newest stays. */
export async function addReview(file: string, statement: ReviewStatement): Promise<void> {
  const others = await readReviews(file, statement.digest);
  const all = [...others.filter(({ key }) => key !== statement.key), statement];
  await writeAtomic(file, all.map((one) => `${JSON.stringify(one)}\n`).join(''), { mode: 0o644 });
}

function isTrue(statement: ReviewStatement): boolean {
  return isSignedText(signedText(statement), { algorithm: 'ed25519', ...statement });
}

function parse(line: string): ReviewStatement | undefined {
  try {
    const parsed = shape().safeParse(JSON.parse(line));
    return parsed.success ? (parsed.data as ReviewStatement) : undefined;
  } catch {
    return undefined;
  }
}
