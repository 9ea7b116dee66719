/** A rule finds secrets by their shape; with `value` only that group is the secret. */
interface MaskRule {
  readonly pattern: RegExp;
  readonly isSecret?: (value: string) => boolean;
}

const NAME = '[\\w.-]*(?:password|passwd|secret|token|credential|api_?key|private_?key|access_?key)[\\w.-]*';

/** The shapes that issuers publish, and what is assigned to a name that says it is a secret. */
const RULES: readonly MaskRule[] = [
  {
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----/g,
  },
  { pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { pattern: /\bgh[pousr]_[A-Za-z0-9]{36,}\b/g },
  { pattern: /\bgithub_pat_[A-Za-z0-9_]{22,}\b/g },
  { pattern: /\bglpat-[\w-]{20,}/g },
  { pattern: /\bxox[abeoprs]-[\w-]{10,}/g },
  { pattern: /\b[sr]k_live_[A-Za-z0-9]{16,}\b/g },
  { pattern: /\bsk-[A-Za-z0-9_-]{20,}/g },
  { pattern: /\bAIza[\w-]{35}\b/g },
  { pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { pattern: /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g },
  { pattern: /(?<=\bhooks\.slack\.com\/services\/)[\w/]+/g },
  { pattern: /(?<=\bdiscord(?:app)?\.com\/api\/webhooks\/)[\w/-]+/g },
  { pattern: /(?<=:\/\/[^\s:/@]+:)[^\s:/@${}<>]+(?=@)/g },
  {
    pattern: new RegExp(`(?<=\\b${NAME}["']?\\s*[:=]\\s*)(["'\`])([^"'\`\\n]{8,})\\1`, 'gi'),
    isSecret: isQuotedSecret,
  },
  {
    pattern: new RegExp(`(?<=^[ \\t]*(?:export )?${NAME}[ \\t]*[:=][ \\t]*)[^\\s"'\`]{12,}$`, 'gim'),
    isSecret: isRandom,
  },
];

export const MASK = '[secret masked]';

/** The text without secrets, and how many there were. It may mask too much, never the same text differently. */
export function maskSecrets(text: string): { readonly text: string; readonly count: number } {
  let count = 0;
  let masked = text;
  for (const { pattern, isSecret } of RULES) {
    masked = masked.replace(pattern, (found: string) => {
      if (found.includes(MASK) || (isSecret !== undefined && !isSecret(found))) return found;
      count += 1;
      return MASK;
    });
  }
  return { text: masked, count };
}

function isQuotedSecret(quoted: string): boolean {
  return isRandom(quoted.slice(1, -1));
}

/** Random characters, not words, a path, a name of a variable or a place to fill in. */
function isRandom(value: string): boolean {
  const isReference = /^(?:process\.|os\.|env\.|secret:)|\$\{|\{\{|<[^>]+>|\(|^\*+$|\s/.test(value);
  return !isReference && /\d/.test(value) && /[A-Za-z]/.test(value) && entropy(value) >= 3;
}

/** Shannon's, in bits a character. */
function entropy(value: string): number {
  const counts = Map.groupBy(value, (character) => character);
  let bits = 0;
  for (const { length } of counts.values())
    bits -= (length / value.length) * Math.log2(length / value.length);
  return bits;
}
