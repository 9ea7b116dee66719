import type { Rule } from '../rule.ts';
import type { Severity } from '../severity.ts';

/**
 * What a rule makes of a text of the right form. `certain`: a checksum or an inner structure is right.
 * `doubtful`: it is wrong, so this is a typing error, an example or a newer form. `none`: not a secret.
 */
export type Verdict = 'certain' | 'likely' | 'doubtful' | 'none';

export interface SecretRule extends Rule {
  readonly kind: 'secrets';
  /** Global, with indices. The group `secret`, else the whole match, is the secret. */
  readonly pattern: RegExp;
  /** Whose secret it is, for the message: `GitHub token`. */
  readonly noun: string;
  /** Besides the groups of the pattern there is `before`: some text before the match. */
  readonly check?: (secret: string, groups: Readonly<Record<string, string | undefined>>) => Verdict;
  /** Severity of a doubtful one. Default that of the rule: who mistypes a token has it in full elsewhere. */
  readonly doubtful?: Severity;
  /** Bits per character, below which it is a placeholder. Default 3; 0 when words are to be found too. */
  readonly minimumEntropy?: number;
  /** In tests and documents: as elsewhere (default), at most this severity, or not at all. */
  readonly elsewhere?: Severity | 'ignored';
}

type Given = Pick<SecretRule, 'id' | 'noun' | 'keywords' | 'pattern'> &
  Partial<Omit<SecretRule, 'kind' | 'title'>>;

/** A secret of a known provider: leaked as it stands, whoever reads the file can use it. */
export function secretRule(given: Given): SecretRule {
  return {
    kind: 'secrets',
    title: `${given.noun} in a file`,
    severity: 'high',
    confidence: 'high',
    cwe: 798,
    fix: 'revoke it where it was issued, then read it from the environment or a secret store',
    ...given,
    // With indices, because a secret may occur twice in its own match.
    pattern: new RegExp(given.pattern, `${given.pattern.flags}d`),
  };
}
