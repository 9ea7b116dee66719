import type { Hit, Rule } from '../rule.ts';
import type { Source } from '../scan/source.ts';
import { atMost, SEVERITIES, type Severity } from '../severity.ts';
import { ASSIGNMENT_RULES, SETTING_RULES } from './assignment-rules.ts';
import { CLOUD_RULES } from './cloud-rules.ts';
import { entropy } from './entropy.ts';
import { mask } from './mask.ts';
import { isPlaceholder } from './placeholder.ts';
import { PLATFORM_RULES } from './platform-rules.ts';
import type { SecretRule, Verdict } from './secret-rule.ts';
import { SERVICE_RULES } from './service-rules.ts';
import { STRUCTURED_RULES } from './structured-rules.ts';

const DEFAULT_ENTROPY = 3;

/** As much of the text before a match is enough for the rest of a name. */
const BEFORE = 40;

export const SECRET_RULES: readonly SecretRule[] = [
  ...STRUCTURED_RULES,
  ...CLOUD_RULES,
  ...PLATFORM_RULES,
  ...SERVICE_RULES,
  ...ASSIGNMENT_RULES,
  ...SETTING_RULES,
];

const BARE_VALUES = new Set(['settings', 'shell', 'dockerfile', 'workflow']);
const settingIds = new Set(SETTING_RULES.map(({ id }) => id));

/** A secret in a text. The value itself stays in the text: only its place and a masked form are told. */
export interface SecretHit extends Hit {
  readonly rule: SecretRule;
}

/** Secrets in a text by the given rules, in the order of the text; of overlapping ones the worst. */
export function findSecrets(source: Source, rules: readonly SecretRule[]): readonly SecretHit[] {
  const bare = source.language !== undefined && BARE_VALUES.has(source.language);
  const hits = rules
    .filter((rule) => bare || !settingIds.has(rule.id))
    .filter((rule) => source.role === 'product' || rule.elsewhere !== 'ignored')
    .flatMap((rule) => hitsOf(rule, source));
  return withoutOverlaps(hits);
}

export function isSecretRule(rule: Rule): rule is SecretRule {
  return rule.kind === 'secrets';
}

function hitsOf(rule: SecretRule, source: Source): SecretHit[] {
  const hits: SecretHit[] = [];
  for (const found of source.text.matchAll(rule.pattern)) {
    const before = source.text.slice(Math.max(0, found.index - BEFORE), found.index);
    const groups = { before, ...found.groups };
    const secret = found.groups?.['secret'] ?? found[0];
    const verdict = verdictOn(rule, secret, groups);
    if (verdict === 'none') continue;
    hits.push({
      rule,
      index: found.indices?.groups?.['secret']?.[0] ?? found.index,
      length: secret.length,
      message: `${rule.noun} ${mask(secret)} (${secret.length} characters)`,
      severity: severityOf(rule, verdict, source),
      confidence: verdict === 'doubtful' ? 'low' : rule.confidence,
    });
  }
  return hits;
}

function verdictOn(
  rule: SecretRule,
  secret: string,
  groups: Readonly<Record<string, string | undefined>>,
): Verdict {
  const verdict = rule.check?.(secret, groups) ?? 'likely';
  // A right checksum settles it, and keys and tokens with an inner structure hold long runs of one letter.
  if (verdict === 'none' || verdict === 'certain' || secret.length > 200) return verdict;
  if (isPlaceholder(secret) || entropy(secret) < (rule.minimumEntropy ?? DEFAULT_ENTROPY)) return 'none';
  return verdict;
}

function severityOf(rule: SecretRule, verdict: Verdict, source: Source): Severity {
  const severity = SEVERITY_OF[verdict](rule);
  const limited = source.role !== 'product' && rule.elsewhere !== undefined && rule.elsewhere !== 'ignored';
  return limited ? atMost(severity, rule.elsewhere) : severity;
}

const SEVERITY_OF: Readonly<Record<Verdict, (rule: SecretRule) => Severity>> = {
  certain: () => 'critical',
  likely: (rule) => rule.severity,
  doubtful: (rule) => rule.doubtful ?? rule.severity,
  none: () => 'info',
};

function withoutOverlaps(hits: readonly SecretHit[]): SecretHit[] {
  const kept: SecretHit[] = [];
  for (const hit of hits.toSorted((a, b) => a.index - b.index)) {
    const last = kept.at(-1);
    if (last === undefined || last.index + last.length <= hit.index) kept.push(hit);
    else if (rank(hit) > rank(last)) kept[kept.length - 1] = hit;
  }
  return kept;
}

function rank(hit: SecretHit): number {
  return SEVERITIES.indexOf(hit.severity ?? hit.rule.severity);
}
