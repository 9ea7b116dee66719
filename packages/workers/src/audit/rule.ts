import type { Severity } from './severity.ts';

/** What a finding is about; dependencies have an action of their own. */
export const CODE_KINDS = ['secrets', 'sast', 'configuration'] as const;

export type CodeKind = (typeof CODE_KINDS)[number];

export const FINDING_KINDS = [...CODE_KINDS, 'dependencies'] as const;

export type FindingKind = (typeof FINDING_KINDS)[number];

/** A flaw as data. Detectors add how it is recognised. */
export interface Rule {
  /** Stable, kebab-case: what baselines and `cadre-ignore` comments name. */
  readonly id: string;
  readonly kind: CodeKind;
  /** What is wrong, without particulars: `eval of a value`. */
  readonly title: string;
  readonly severity: Severity;
  readonly confidence: 'low' | 'medium' | 'high';
  /** Number in the Common Weakness Enumeration. */
  readonly cwe: number;
  /** What to do. */
  readonly fix: string;
  /** One of them, in any case, stands in every text that holds the flaw; others are not searched. */
  readonly keywords: readonly string[];
}

/** A place where a rule applies. What is absent is the rule's own. */
export interface Hit {
  readonly rule: Rule;
  /** Offset in the text, in UTF-16 code units. */
  readonly index: number;
  readonly length: number;
  /** Particulars. Never holds a secret. */
  readonly message?: string;
  readonly severity?: Severity;
  readonly confidence?: Rule['confidence'];
}
