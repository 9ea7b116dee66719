/**
 * Says which rules can apply to a text by one pass over it: reading 10,000 files with 90 separate searches each took
 * three times as long. Answers the rules with at least one keyword, in any case, in the text.
 */
export function keywordFilter<Candidate extends { readonly keywords: readonly string[] }>(
  rules: readonly Candidate[],
): (text: string) => readonly Candidate[] {
  const keywords = new Set(rules.flatMap((rule) => rule.keywords.map((keyword) => keyword.toLowerCase())));
  // Of two keywords that begin alike only the shorter one would ever match; it stands for both.
  const searched = [...keywords].filter((one) => ![...keywords].some((other) => isPrefix(other, one)));
  const stem = (keyword: string) =>
    searched.find((one) => keyword.toLowerCase().startsWith(one)) ?? keyword.toLowerCase();
  const stems = new Map(rules.map((rule) => [rule, rule.keywords.map(stem)]));
  const pattern = new RegExp(searched.map(escaped).join('|'), 'gi');
  return (text) => {
    const present = keywordsIn(text, pattern, searched.length);
    if (present.size === 0) return [];
    return rules.filter((rule) => stems.get(rule)?.some((keyword) => present.has(keyword)));
  };
}

function keywordsIn(text: string, pattern: RegExp, most: number): ReadonlySet<string> {
  const present = new Set<string>();
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    present.add(found[0].toLowerCase());
    if (present.size === most) break;
    // Keywords may overlap: `token_secret`.
    pattern.lastIndex = found.index + 1;
  }
  return present;
}

function isPrefix(shorter: string, longer: string): boolean {
  return shorter !== longer && longer.startsWith(shorter);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
