const EXAMPLE_WORDS =
  /example|placeholder|dummy|redacted|replace[-_]?(?:me|this)|change[-_]?(?:me|this|it)|your[-_]|insert[-_]|[-_]here\b|xxxx|deadbeef|cafebabe/i;
const TEMPLATES = /[<>]|\$\{|\$\(|\{\{|%\(|%s|\.\.\.|…|\*\*\*/;
const COUNTING = /0123456789|1234567890|abcdefgh/i;
const REPEATED = /(.)\1{7,}/;

/** Whether a text that has the form of a secret stands only for one: documentation, templates, test data. */
export function isPlaceholder(secret: string): boolean {
  return [EXAMPLE_WORDS, TEMPLATES, COUNTING, REPEATED].some((pattern) => pattern.test(secret));
}
