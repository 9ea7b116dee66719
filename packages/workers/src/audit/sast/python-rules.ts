import { type Argument, isBuilt, isLiteral, namedArgument } from './call-arguments.ts';
import { type TextRule, textRule } from './text-rule.ts';

const python = (given: Omit<TextRule, 'kind' | 'languages'>) => textRule({ languages: ['python'], ...given });

const first = (call: readonly Argument[]) => call[0];
const PASSWORD = /pass(?:word|wd|phrase)|\bpwd\b/i;
const EVALUATION = /(?<![\w.])(?<!\bdef\s{1,4})(?:builtins\.)?(?:eval|exec)\s{0,4}\(/g;
const IMPORTS_YAML = /^[ \t]{0,40}import[ \t]{1,4}(?:[\w., ]{0,200}\b)?yaml\b/m;
const SQL = /^[rbf]{0,2}["']{1,3}\s*(?:select|insert|update|delete|replace|drop|create|alter)\b/i;

/** Checked on code without comments and strings, so that a word in a document is never a finding. */
export const PYTHON_RULES: readonly TextRule[] = [
  python({
    id: 'python-eval',
    title: 'eval or exec of a value',
    severity: 'high',
    confidence: 'medium',
    cwe: 95,
    fix: 'parse the value instead: ast.literal_eval, json.loads, or a table of functions',
    keywords: ['eval', 'exec'],
    pattern: EVALUATION,
    when: (call) => call.length === 1 && !isLiteral(first(call)),
  }),
  python({
    id: 'python-eval-in-namespace',
    title: 'Code run in a namespace of its own',
    severity: 'medium',
    confidence: 'low',
    cwe: 95,
    fix: 'a namespace is no protection: run only code that you would import, else a process of its own',
    keywords: ['eval', 'exec'],
    pattern: EVALUATION,
    when: (call) => call.length > 1 && !isLiteral(first(call)),
  }),
  python({
    id: 'python-shell',
    title: 'Shell command from a value',
    severity: 'high',
    confidence: 'high',
    cwe: 78,
    fix: 'pass a list of arguments and leave shell=True out',
    keywords: ['shell'],
    pattern: /\bsubprocess\.\w{3,20}\s{0,4}\(|(?<![\w.])(?:Popen|check_output|check_call)\s{0,4}\(/g,
    when: (call) => namedArgument(call, 'shell') === 'True' && !isLiteral(first(call)),
  }),
  python({
    id: 'python-system',
    title: 'Shell command from a value',
    severity: 'high',
    confidence: 'high',
    cwe: 78,
    fix: 'use subprocess.run with a list of arguments',
    keywords: ['os.system', 'os.popen', 'getoutput', 'getstatusoutput'],
    pattern: /\b(?:os\.(?:system|popen)|(?:subprocess|commands)\.get(?:status)?output)\s{0,4}\(/g,
    when: (call) => !isLiteral(first(call)),
  }),
  python({
    id: 'python-unpickle',
    title: 'Deserialisation that runs code',
    severity: 'medium',
    confidence: 'medium',
    cwe: 502,
    fix: 'use JSON, or check a signature over the bytes before they are loaded',
    keywords: ['pickle', 'dill', 'marshal', 'shelve', 'jsonpickle'],
    pattern:
      /\b(?:c?[pP]ickle|dill|cloudpickle)\.(?:loads?|Unpickler)\s{0,4}\(|\bmarshal\.loads?\s{0,4}\(|\bshelve\.open\s{0,4}\(|\bjsonpickle\.decode\s{0,4}\(/g,
  }),
  python({
    id: 'python-yaml-load',
    title: 'YAML load that makes any object',
    severity: 'high',
    confidence: 'high',
    cwe: 502,
    fix: 'use yaml.safe_load',
    keywords: ['yaml'],
    pattern: /(?<![\w.])yaml\.(?:load|load_all|unsafe_load|full_load)\s{0,4}\(/g,
    // Many projects have a module of their own by that name.
    when: (call, found) =>
      IMPORTS_YAML.test(found.input) && !call.some(({ code }) => /Safe|BaseLoader/.test(code)),
  }),
  python({
    id: 'python-tls-disabled',
    title: 'Certificate check turned off',
    severity: 'high',
    confidence: 'high',
    cwe: 295,
    fix: 'leave verification on; name a private authority with verify="/path/to/ca.pem"',
    keywords: ['verify', '_create_unverified_context', 'CERT_NONE', 'check_hostname'],
    pattern:
      /(?<=[(,]\s{0,80})verify\s{0,4}=\s{0,4}False\b|\bssl\._create_unverified_context\b|\bverify_mode\s{0,4}=\s{0,4}(?:ssl\.)?CERT_NONE\b(?!\s{1,4}if\b)|\bcert_reqs\s{0,4}=\s{0,4}(?:ssl\.)?["']?CERT_NONE\b|\bcheck_hostname\s{0,4}=\s{0,4}False\b/g,
    when: (_call, { index, input }) => !isParameter(input, index) && !isOfToken(input, index),
  }),
  python({
    id: 'python-mktemp',
    title: 'Name of a temporary file that somebody else may take first',
    severity: 'medium',
    confidence: 'high',
    cwe: 377,
    fix: 'use tempfile.mkstemp or NamedTemporaryFile',
    keywords: ['mktemp'],
    pattern: /\btempfile\.mktemp\s{0,4}\(/g,
  }),
  python({
    id: 'python-weak-password-hash',
    title: 'Password hashed with a fast digest',
    severity: 'high',
    confidence: 'medium',
    cwe: 916,
    fix: 'use hashlib.scrypt, or argon2 or bcrypt from a library',
    keywords: ['hashlib.md5', 'hashlib.sha1', 'hashlib.sha256', 'hashlib.new'],
    pattern: /\bhashlib\.(?:md5|sha1|sha224|sha256|new)\s{0,4}\(/g,
    when: (call) => call.some(({ text }) => PASSWORD.test(text)),
  }),
  python({
    id: 'python-debug-server',
    title: 'Web server in debug mode',
    severity: 'high',
    confidence: 'medium',
    cwe: 489,
    fix: 'leave debug out; its console runs any code that a visitor sends',
    keywords: ['debug'],
    pattern: /\bapp\.run\s{0,4}\(/g,
    when: (call) => namedArgument(call, 'debug') === 'True',
  }),
  python({
    id: 'python-sql',
    title: 'SQL put together from values',
    severity: 'medium',
    confidence: 'medium',
    cwe: 89,
    fix: 'write placeholders and pass the values as parameters',
    keywords: ['.execute', '.executemany', '.executescript', '.raw('],
    pattern: /\.(?:execute|executemany|executescript|raw)\s{0,4}\(/g,
    when: (call) => isBuilt(first(call)) && SQL.test(first(call)?.text ?? ''),
  }),
  python({
    id: 'python-weak-random',
    title: 'Secret from a predictable generator',
    severity: 'medium',
    confidence: 'medium',
    cwe: 330,
    fix: 'use the module secrets',
    keywords: ['random.'],
    pattern:
      /\b\w{0,30}(?:token|secret|password|passwd|session_id|nonce|otp|api_key)\w{0,10}\s{0,4}=[^\n=]{0,80}\brandom\.(?:random|randint|choices?|sample|getrandbits|randrange)\b/gi,
  }),
  python({
    id: 'python-token-unverified',
    title: 'Signature of a token not checked',
    severity: 'high',
    confidence: 'high',
    cwe: 347,
    fix: 'name the key and the algorithms, and leave verification on',
    keywords: ['jwt'],
    pattern: /\bjwt\.decode\s{0,4}\(/g,
    when: (call) =>
      namedArgument(call, 'verify') === 'False' ||
      call.some(({ text }) => /["']verify_signature["']\s{0,4}:\s{0,4}False/.test(text)),
  }),
  python({
    id: 'python-ssh-any-host',
    title: 'SSH accepts any host key',
    severity: 'medium',
    confidence: 'high',
    cwe: 295,
    fix: 'load known host keys and use RejectPolicy',
    keywords: ['AutoAddPolicy', 'WarningPolicy'],
    pattern: /\bset_missing_host_key_policy\s{0,4}\(\s{0,10}(?:paramiko\.)?(?:AutoAdd|Warning)Policy\b/g,
  }),
];

/** `def fetch(url, verify=False)` only offers it. */
function isParameter(code: string, index: number): boolean {
  return /^\s{0,80}(?:async\s{1,4})?def\b/.test(code.slice(code.lastIndexOf('\n', index) + 1, index));
}

/** `jwt.decode(token, verify=False)` has a rule of its own. */
function isOfToken(code: string, index: number): boolean {
  return /\bjwt\.decode\s{0,4}\([^()]{0,300}$/.test(code.slice(Math.max(0, index - 400), index));
}
