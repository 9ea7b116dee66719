/**
 * Whether a topic is one that a pattern names. Topics are parts joined by dots: `card.moved`, `run.hygiene.failed`. In a
 * pattern `*` stands for one part, and `**` as its last part for all that follows, also for nothing.
 */
export function topicFits(pattern: string, topic: string): boolean {
  const wanted = pattern.split('.');
  const parts = topic.split('.');
  const rest = wanted.at(-1) === '**';
  const fixed = rest ? wanted.slice(0, -1) : wanted;
  if (rest ? parts.length < fixed.length : parts.length !== fixed.length) return false;
  return fixed.every((part, index) => part === '*' || part === parts[index]);
}
