import { expect, test } from 'vitest';
import { keywordFilter } from '../scan/keyword-filter.ts';
import { sourceOf } from '../scan/source.ts';
import { FLAW_RULES, findFlaws } from './find-flaws.ts';
import { loadSyntaxFinder } from './javascript-syntax.ts';

const findSyntax = await loadSyntaxFinder();
const candidates = keywordFilter(FLAW_RULES);

function flawsIn(file: string, text: string, syntax: typeof findSyntax | undefined = findSyntax) {
  return findFlaws(sourceOf(file, text), candidates(text), syntax);
}

const idsIn = (file: string, text: string) => flawsIn(file, text).map(({ rule }) => rule.id);

/** File, flaws (one a line) and clean twins (one a line). */
type Sample = readonly [file: string, flaws: string, clean: string];

const CHILD = "import { exec, spawn } from 'node:child_process';";

const SAMPLES: Readonly<Record<string, Sample>> = {
  'javascript-eval': [
    'src/a.js',
    'eval(input)\nwindow.eval(a + b)\nglobalThis.eval(`f(${x})`)',
    "eval('1 + 1')\nretrieval(input)\nthis.eval(input)\n// eval(input)\nconst s = 'eval(input)';",
  ],
  'javascript-new-function': [
    'src/a.ts',
    "new Function('a', body)\nnew Function(`return ${x}`)\nFunction(body)()",
    "new Function('return this')()\nclass Function2 {}\nfunction Functional(a) {}",
  ],
  'javascript-shell': [
    'src/a.mjs',
    "exec(`ls ${name}`)\nexec('rm ' + name, done)\nchild_process.execSync(`x ${y}`)\nrequire('child_process').exec('a ' + b)",
    `${CHILD}\nexec('ls -l')\nexec(command)\npattern.exec(\`a \${b}\`)\nexec(\`ls\`, done)`,
  ],
  'javascript-spawn-shell': [
    'src/a.ts',
    "spawn(command, { shell: true })\nspawn('ls', [name], { shell: true, cwd: '/' })",
    `${CHILD}\nspawn('ls', ['-l'], { shell: true })\nspawn(command, args)\nspawn(command, { shell: false })`,
  ],
  'javascript-markup': [
    'src/a.tsx',
    'box.innerHTML = text;\nbox.outerHTML = `<b>${x}</b>`;\nbox.insertAdjacentHTML("beforeend", text);\ndocument.write(text);\nbox.innerHTML += text;',
    'box.innerHTML = "";\nbox.innerHTML = `<b>x</b>`;\nbox.textContent = text;\nif (box.innerHTML === text) done();',
  ],
  'javascript-react-markup': [
    'src/a.tsx',
    'const a = <p dangerouslySetInnerHTML={{ __html: text }} />;',
    'const a = <p dangerouslySetInnerHTML={{ __html: "<b>x</b>" }} />;',
  ],
  'javascript-tls-disabled': [
    'src/a.js',
    "const a = { rejectUnauthorized: false };\nagent.options.rejectUnauthorized = false;\nprocess.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\nprocess.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0;",
    "const a = { rejectUnauthorized: true };\nconst b = process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0';",
  ],
  'javascript-weak-password-hash': [
    'src/a.js',
    "createHash('md5').update(password)\ncrypto.createHash('sha1').update(user.passwd, 'utf8')",
    "createHash('md5').update(content)\ncreateHash('sha512').update(passwordFile)",
  ],
  'javascript-weak-cipher': [
    'src/a.js',
    "crypto.createCipheriv('des-ede3', key, iv)\ncreateDecipheriv('aes-128-ecb', key, null)\ncrypto.createCipher('rc4', key)",
    "crypto.createCipheriv('aes-256-gcm', key, iv)\ncreateCipheriv(algorithm, key, iv)",
  ],
  'javascript-hard-coded-key': [
    'src/a.js',
    "createHmac('sha256', 'topsecretkey')\njwt.sign(payload, 'topsecretkey')\njwt.verify(token, 'topsecretkey', done)",
    "createHmac('sha256', key)\njwt.sign(payload, process.env.KEY)\njwt.verify(token, key)",
  ],
  'javascript-token-unverified': [
    'src/a.js',
    "const a = { algorithms: ['HS256', 'none'] };",
    "const a = { algorithms: ['HS256'], mode: 'none' };",
  ],
  'javascript-weak-random': [
    'src/a.ts',
    'const resetToken = Math.random().toString(36);\nsession.token = String(Math.random());\nlet apiKey: string = `${Math.random()}`;',
    'const colour = Math.random();\nconst token = randomUUID();\nlist.sort(() => Math.random());',
  ],
  'javascript-vm': [
    'src/a.js',
    'vm.runInNewContext(source, {})\nrunInThisContext(source)\nnew vm.Script(source, { filename })',
    "vm.runInNewContext('1 + 1', {})\nvm.createContext({})",
  ],
  'javascript-sql': [
    'src/a.ts',
    "db.query(`SELECT * FROM users WHERE name = '${name}'`)\ndb.execute('DELETE FROM users WHERE id = ' + id)",
    'db.query(`SELECT 1`)\ndb.query("SELECT * FROM users WHERE id = ?", [id])\nsql`SELECT * FROM users WHERE id = ${id}`\nlog.run(`select ${x} of ${y}`.trim())',
  ],
  'javascript-deserialize': [
    'src/a.js',
    'serialize.unserialize(body)',
    "const serialize = require('node-serialize');\nserialize.serialize(body)",
  ],
  'javascript-timer-text': [
    'src/a.js',
    "setTimeout('tick()', 100)\nsetInterval(`tick(${id})`, 100)\nsetTimeout(name + '()', 5)",
    "setTimeout(tick, 100)\nsetTimeout(() => tick('a'), 100)",
  ],
  'javascript-message-to-anyone': [
    'src/a.js',
    "frame.postMessage(data, '*')",
    "frame.postMessage(data, 'https://shop.io')\nworker.postMessage(data)",
  ],
  'python-eval': [
    'src/a.py',
    'eval(text)\nx = exec(f"a = {b}")\nbuiltins.eval(text)',
    "eval('1 + 1')\nmodel.eval()\nast.literal_eval(text)\n# eval(text)\n'''\neval(text)\n'''\ndef exec(self, text): pass",
  ],
  'python-eval-in-namespace': [
    'src/a.py',
    'exec(code, namespace)\neval(expression, {}, {})',
    "exec('x = 1', namespace)\nexec_(code, namespace)",
  ],
  'python-shell': [
    'src/a.py',
    'subprocess.run(command, shell=True)\nsubprocess.Popen(\n    f"ls {name}",\n    shell = True,\n)\ncheck_output("ls " + name, shell=True)',
    'subprocess.run("ls | wc", shell=True)\nsubprocess.run([a, b])\nsubprocess.run(command, shell=False)\nsubprocess.run(c, input="shell=True")',
  ],
  'python-system': [
    'src/a.py',
    'os.system("rm " + name)\nos.popen(command)\nsubprocess.getoutput(f"cat {name}")',
    'os.system("clear")\nself.os.systematic(x)',
  ],
  'python-unpickle': [
    'src/a.py',
    'pickle.loads(body)\ndill.load(stream)\nmarshal.loads(body)\njsonpickle.decode(body)',
    'pickle.dumps(value)\njson.loads(body)',
  ],
  'python-yaml-load': [
    'src/a.py',
    'yaml.load(stream)\nyaml.load(stream, Loader=yaml.Loader)\nyaml.unsafe_load(stream)',
    'import yaml\nyaml.load(stream, Loader=yaml.SafeLoader)\nyaml.load(stream, Loader=CSafeLoader)\nyaml.safe_load(stream)\nruamel.yaml.load(stream)',
  ],
  'python-tls-disabled': [
    'src/a.py',
    'requests.get(url, verify=False)\nssl._create_unverified_context()\ncontext.verify_mode = ssl.CERT_NONE\ncontext.check_hostname = False',
    'requests.get(url, verify=True)\ndef get(url, verify=False): pass\nverify = False\nif context.verify_mode == ssl.CERT_NONE: pass',
  ],
  'python-mktemp': ['src/a.py', 'name = tempfile.mktemp()', 'name = tempfile.mkstemp()\nmktemp()'],
  'python-weak-password-hash': [
    'src/a.py',
    'hashlib.md5(password.encode()).hexdigest()\nhashlib.new("sha1", user.password)',
    'hashlib.md5(content)\nhashlib.sha512(password)',
  ],
  'python-debug-server': [
    'src/a.py',
    'app.run(host="0.0.0.0", debug=True)',
    'app.run(debug=False)\napp.run(debug=DEBUG)',
  ],
  'python-sql': [
    'src/a.py',
    'cursor.execute(f"SELECT * FROM users WHERE name = \'{name}\'")\ndb.execute("DELETE FROM users WHERE id = %s" % id)\ndb.execute("SELECT * FROM {}".format(table))',
    'cursor.execute("SELECT * FROM users WHERE name = %s", (name,))\nexecutor.execute(f"job {name}")',
  ],
  'python-weak-random': [
    'src/a.py',
    'token = random.choice(letters)\nreset_password = "".join(random.choices(letters, k=8))',
    'token = secrets.token_hex()\ncolour = random.choice(colours)',
  ],
  'python-token-unverified': [
    'src/a.py',
    'jwt.decode(token, verify=False)\njwt.decode(token, options={"verify_signature": False})',
    'jwt.decode(token, key, algorithms=["HS256"])',
  ],
  'python-ssh-any-host': [
    'src/a.py',
    'client.set_missing_host_key_policy(paramiko.AutoAddPolicy())',
    'client.set_missing_host_key_policy(paramiko.RejectPolicy())  # not AutoAddPolicy',
  ],
  'go-tls-disabled': [
    'src/a.go',
    'c := &tls.Config{InsecureSkipVerify: true}\nc.InsecureSkipVerify = true',
    'c := &tls.Config{InsecureSkipVerify: false}\n// InsecureSkipVerify: true',
  ],
  'go-shell': [
    'src/a.go',
    'exec.Command("sh", "-c", input)\nexec.CommandContext(ctx, "/bin/bash", "-c", "ls "+name)',
    'exec.Command("sh", "-c", "ls | wc")\nexec.Command("git", "log", name)',
  ],
  'go-sql': [
    'src/a.go',
    'db.Query(fmt.Sprintf("SELECT * FROM users WHERE id = %s", id))',
    'x := fmt.Sprintf("%d", 1)\ndb.Query("SELECT * FROM users WHERE id = $1", id)',
  ],
  'rust-tls-disabled': [
    'src/a.rs',
    'let c = Client::builder().danger_accept_invalid_certs(true);',
    'let c = Client::builder().danger_accept_invalid_certs(false);',
  ],
  'rust-shell': [
    'src/a.rs',
    'Command::new("sh").arg("-c").arg(format!("ls {}", name)).spawn();',
    'Command::new("sh").arg("-c").arg("ls").spawn();\nCommand::new("git").arg(name);',
  ],
  'shell-piped-download': [
    'setup.sh',
    'curl -fsSL https://get.shop.io | sh\nwget -qO- https://get.shop.io | sudo -E bash',
    'curl -o setup.sh https://get.shop.io\n# curl https://get.shop.io | sh\ncurl https://get.shop.io | jq .',
  ],
  'shell-world-writable': [
    'setup.sh',
    'chmod 777 data\nchmod -R a+rwx data',
    'chmod 755 data\nchmod u+w data',
  ],
  'shell-tls-disabled': [
    'setup.sh',
    'curl -k https://shop.io\ncurl -sSkL https://shop.io\nwget --no-check-certificate https://shop.io\ngit config http.sslVerify false',
    'curl -sSL https://shop.io/-k\ncurl --cacert ca.pem https://shop.io',
  ],
  'docker-latest': [
    'Dockerfile',
    'FROM debian\nFROM registry.shop.io:5000/app:latest\nFROM --platform=linux/amd64 node AS build',
    'FROM debian:12.5\nFROM node:24@sha256:abc AS build\nFROM build\nFROM scratch\nFROM ${IMAGE}\n# FROM debian',
  ],
  'docker-add-remote': [
    'Dockerfile',
    'ADD https://shop.io/app.tar.gz /app/',
    'ADD --checksum=sha256:abc https://shop.io/app.tar.gz /app/\nADD app.tar.gz /app/',
  ],
};

/** What makes the flaws of a language reachable: an import that the rule asks for. */
const PREAMBLES: Readonly<Record<string, string>> = {
  'javascript-shell': `${CHILD}\n`,
  'javascript-spawn-shell': `${CHILD}\n`,
  'javascript-deserialize': "const serialize = require('node-serialize');\n",
  'python-yaml-load': 'import os, yaml\n',
};

test('there are flaws and clean twins for every rule', () => {
  expect(Object.keys(SAMPLES).sort()).toEqual([...new Set(FLAW_RULES.map(({ id }) => id))].sort());
});

test.each(Object.entries(SAMPLES))('[HYG-23] %s finds each flaw and none in the clean twin', (id, [
  file,
  flaws,
  clean,
]) => {
  const preamble = PREAMBLES[id] ?? '';
  const calls = flaws.split(/\n(?! |\))/);
  for (const flaw of calls) {
    expect(idsIn(file, `${preamble}${flaw}\n`), flaw).toEqual([id]);
  }
  expect(idsIn(file, `${clean}\n`)).toEqual([]);
});

test('a flaw is placed where it stands, also after characters of two code units', () => {
  const text = 'const smile = "😀é";\n  eval(input);\n';
  const [hit] = flawsIn('src/a.js', text);
  expect(text.slice(hit?.index, (hit?.index ?? 0) + (hit?.length ?? 0))).toBe('eval(input)');
});

test('in tests a dangerous call is at most low', () => {
  expect(flawsIn('test/a.test.js', 'eval(input);')).toMatchObject([{ severity: 'low' }]);
  expect(flawsIn('tests/test_a.py', 'os.system(command)')).toMatchObject([{ severity: 'low' }]);
});

test('generated and minified files are not searched for dangerous calls', () => {
  expect(idsIn('src/a.min.js', 'eval(input);')).toEqual([]);
  expect(idsIn('src/a.js', '// @generated by tool\neval(input);')).toEqual([]);
  expect(idsIn('src/a.js', `eval(input);${'a();'.repeat(10_000)}`)).toEqual([]);
});

test('[HYG-23] without the syntax tree the worst are still found, with low confidence', () => {
  const text = [
    CHILD,
    'eval(input);',
    "new Function('a', body);",
    'exec(`ls ${name}`);',
    'box.innerHTML = text;',
    'const a = { rejectUnauthorized: false };',
    "// eval(input)\nconst words = 'eval(input)';",
  ].join('\n');
  expect(findFlaws(sourceOf('src/a.js', text), candidates(text), undefined)).toMatchObject([
    { rule: { id: 'javascript-eval', confidence: 'low' } },
    { rule: { id: 'javascript-new-function', confidence: 'low' } },
    { rule: { id: 'javascript-shell', confidence: 'low' } },
    { rule: { id: 'javascript-markup', confidence: 'low' } },
    { rule: { id: 'javascript-tls-disabled', confidence: 'low' } },
  ]);
  expect(findFlaws(sourceOf('src/b.js', 'eval("1")'), candidates('eval("1")'), undefined)).toEqual([]);
});

const HOSTILE = [
  '(',
  '[',
  '{',
  '"',
  "'",
  '`',
  '${',
  '"""',
  '/*',
  '#',
  '\\',
  'eval(',
  'f(',
  'curl ',
  'a.b',
  'FROM a ',
  '+"',
];
test.each(HOSTILE)('nothing takes long on a megabyte of %j', (piece) => {
  const text = `eval shell Function .execute curl FROM ${piece.repeat(1_000_000 / piece.length)}`;
  const started = performance.now();
  for (const file of ['a.py', 'a.go', 'a.rs', 'a.sh', 'Dockerfile']) flawsIn(file, text);
  findFlaws(sourceOf('a.ts', text), candidates(text), undefined);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test.each(['(', '[', '{', '`${', 'f(', '+1', 'a.'])('the syntax tree stands a deep nest of %j', (piece) => {
  const text = Array.from({ length: 3_000 }, () => `eval(${piece.repeat(20)}`).join('\n');
  expect(flawsIn('src/a.ts', text).length).toBeGreaterThanOrEqual(0);
});
