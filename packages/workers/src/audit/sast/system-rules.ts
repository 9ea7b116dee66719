import { isBuilt, isLiteral } from './call-arguments.ts';
import { type TextRule, textRule } from './text-rule.ts';

const PIPED_DOWNLOAD =
  /\b(?:curl|wget)\b(?:[^\n|;&\\]|\\[\s\S]){0,400}\|\s{0,4}(?:sudo\s{1,4}(?:-\w+\s{1,4}){0,3})?(?:ba|z|da)?sh\b/g;

/** Go, Rust and shell: few rules, each of them rarely wrong. */
export const SYSTEM_RULES: readonly TextRule[] = [
  textRule({
    id: 'go-tls-disabled',
    languages: ['go'],
    title: 'Certificate check turned off',
    severity: 'high',
    confidence: 'high',
    cwe: 295,
    fix: 'leave InsecureSkipVerify out; add a private authority to RootCAs',
    keywords: ['InsecureSkipVerify'],
    pattern: /\bInsecureSkipVerify\s{0,4}[:=]\s{0,4}true\b/g,
  }),
  textRule({
    id: 'go-shell',
    languages: ['go'],
    title: 'Shell command from a value',
    severity: 'high',
    confidence: 'medium',
    cwe: 78,
    fix: 'run the program itself with its arguments',
    keywords: ['exec.Command'],
    pattern: /\bexec\.Command(?:Context)?\s{0,4}\(/g,
    when: (call) => {
      const shell = call.findIndex(({ text }) => /^["`](?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh["`]$/.test(text));
      const command = call[shell + 2];
      return shell !== -1 && command !== undefined && !isLiteral(command);
    },
  }),
  textRule({
    id: 'go-sql',
    languages: ['go'],
    title: 'SQL put together from values',
    severity: 'medium',
    confidence: 'medium',
    cwe: 89,
    fix: 'write placeholders and pass the values as parameters',
    keywords: ['Sprintf'],
    pattern: /\.(?:Query|QueryRow|Exec)(?:Context)?\s{0,4}\(/g,
    when: (call) =>
      call.some((one) => isBuilt(one) && /["`]\s*(?:select|insert|update|delete)\b/i.test(one.text)),
  }),
  textRule({
    id: 'rust-tls-disabled',
    languages: ['rust'],
    title: 'Certificate check turned off',
    severity: 'high',
    confidence: 'high',
    cwe: 295,
    fix: 'leave it out; add a private authority with add_root_certificate',
    keywords: ['danger_accept_invalid', 'SslVerifyMode::NONE'],
    pattern: /\bdanger_accept_invalid_(?:certs|hostnames)\s{0,4}\(\s{0,4}true\b|\bSslVerifyMode::NONE\b/g,
  }),
  textRule({
    id: 'rust-shell',
    languages: ['rust'],
    title: 'Shell command from a value',
    severity: 'high',
    confidence: 'medium',
    cwe: 78,
    fix: 'run the program itself with its arguments',
    keywords: ['Command::new'],
    on: 'uncommented',
    pattern:
      /Command::new\(\s{0,4}"(?:\/(?:usr\/)?bin\/)?(?:ba|z|da)?sh"\s{0,4}\)\s{0,80}\.arg\(\s{0,4}"-c"\s{0,4}\)\s{0,80}\.arg\(\s{0,4}&?(?:format!|[a-z_])/g,
  }),
  textRule({
    id: 'shell-piped-download',
    languages: ['shell', 'dockerfile'],
    title: 'Download run unseen',
    severity: 'medium',
    confidence: 'high',
    cwe: 494,
    fix: 'download to a file, compare its checksum, then run it',
    keywords: ['curl', 'wget'],
    pattern: PIPED_DOWNLOAD,
  }),
  textRule({
    id: 'shell-world-writable',
    languages: ['shell', 'dockerfile'],
    title: 'File made writable for everybody',
    severity: 'medium',
    confidence: 'high',
    cwe: 732,
    fix: 'give only the owner, or a group, the right to write',
    keywords: ['chmod'],
    pattern: /\bchmod\s{1,4}(?:-\w+\s{1,4}){0,3}(?:0?777|0?666|a\+rwx|o\+w|a\+w)\b/g,
  }),
  textRule({
    id: 'shell-tls-disabled',
    languages: ['shell', 'dockerfile'],
    title: 'Certificate check turned off',
    severity: 'medium',
    confidence: 'medium',
    cwe: 295,
    fix: 'leave it out; name a private authority with --cacert or --ca-certificate',
    keywords: ['--insecure', 'curl -', '--no-check-certificate', 'sslVerify', 'strict-ssl'],
    pattern:
      /\bcurl\b(?:[ \t]+[^\s|;&]+){0,20}?[ \t]+(?:-[a-zA-Z]{0,8}k[a-zA-Z]{0,8}|--insecure)(?=\s)|\bwget\b[^\n|;&]{0,300}--no-check-certificate\b|\bhttp\.sslVerify[= \t]+false\b|\bstrict-ssl[= \t]+false\b/g,
  }),
  textRule({
    id: 'docker-latest',
    languages: ['dockerfile'],
    kind: 'configuration',
    title: 'Image without a fixed version',
    severity: 'medium',
    confidence: 'high',
    cwe: 1357,
    fix: 'name a version, best with its digest: FROM image:1.2.3@sha256:…',
    keywords: ['from'],
    pattern:
      /^[ \t]{0,8}FROM[ \t]{1,8}(?:--platform=\S{1,80}[ \t]{1,8})?(?<image>[^\s@:]{1,200}(?::\d+\/[^\s@:]{1,200})?)(?::latest)?(?=\s|$)/gim,
    when: (_call, { groups, input }) => !isOwnStage(groups?.['image'] ?? '', input),
  }),
  textRule({
    id: 'docker-add-remote',
    languages: ['dockerfile'],
    kind: 'configuration',
    title: 'Download without a checksum',
    severity: 'low',
    confidence: 'medium',
    cwe: 494,
    fix: 'add --checksum=sha256:…, or download and compare in one RUN',
    keywords: ['add'],
    pattern: /^[ \t]{0,8}ADD[ \t]{1,8}(?!.{0,300}--checksum=).{0,300}?https?:\/\//gim,
  }),
];

/** An image made earlier in the same file, the empty image, or a name that is given when building. */
function isOwnStage(image: string, text: string): boolean {
  if (image === 'scratch' || image.includes('$')) return true;
  const stages = text.matchAll(/^[ \t]{0,8}FROM[ \t][^\n]{1,400}?[ \t]AS[ \t]{1,8}(\S{1,100})/gim);
  return [...stages].some(([, name]) => name?.toLowerCase() === image.toLowerCase());
}
