import { createHash } from 'node:crypto';
import { performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import { dirname } from 'node:path';
import { Duplex } from 'node:stream';
import { VERSION } from '../../../cli/version.ts';
import { installationHere } from '../../../installation.ts';
import { createByteReader } from '../byte-reader.ts';
import { createByteWriter } from '../byte-writer.ts';
import { MOST_START_BYTES, REMOTE_PROTOCOL } from '../remote-protocol.ts';

/**
 * A machine that is not what it should be: it takes files and starts nothing, says that every call succeeded, and lies about what changed.
 * Which lie it tells stands in its command line.
 */
const lie = process.argv[2] ?? '';

const contentOf = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (path: string, text: string, changes: object = {}) => ({
  kind: 'file',
  path,
  size: Buffer.byteLength(text),
  mode: 0o644,
  hash: contentOf(text),
  ...changes,
});

/** What it says changed, and what it then sends. */
const LIES: Readonly<Record<string, (workspace: string) => { changes: readonly object[]; sent: string }>> = {
  outside: (workspace) => ({ changes: [file(`${dirname(workspace)}/evil`, 'evil')], sent: 'evil' }),
  detour: (workspace) => ({ changes: [file(`${workspace}/../evil`, 'evil')], sent: 'evil' }),
  'not for writing': (workspace) => ({
    changes: [file(`${workspace}/only-read/evil`, 'evil')],
    sent: 'evil',
  }),
  hidden: (workspace) => ({ changes: [file(`${workspace}/hidden`, 'evil')], sent: 'evil' }),
  'other content': (workspace) => ({ changes: [file(`${workspace}/a.txt`, 'good')], sent: 'evil' }),
  'too short': (workspace) => ({ changes: [file(`${workspace}/a.txt`, 'good')], sent: 'goo' }),
  'leading out': (workspace) => ({
    changes: [{ kind: 'link', path: `${workspace}/link`, to: '/etc' }],
    sent: '',
  }),
  'through a link': (workspace) => ({
    changes: [
      { kind: 'link', path: `${workspace}/link`, to: 'only-read' },
      file(`${workspace}/link/evil`, 'evil'),
    ],
    sent: 'evil',
  }),
  'through what is here': (workspace) => ({
    changes: [file(`${workspace}/leads-out/evil`, 'evil')],
    sent: 'evil',
  }),
  'no mode': (workspace) => ({
    changes: [file(`${workspace}/a.txt`, 'evil', { mode: 0o4755 })],
    sent: 'evil',
  }),
  twice: (workspace) => ({
    changes: [file(`${workspace}/a.txt`, 'good'), file(`${workspace}/a.txt`, 'evil')],
    sent: 'goodevil',
  }),
  'gone that never was': (workspace) => ({ changes: [{ kind: 'gone', path: `${workspace}/own` }], sent: '' }),
  'folder around what is guarded': (workspace) => ({
    changes: [file(`${workspace}/around`, 'gitdir: evil')],
    sent: 'gitdir: evil',
  }),
  'link around what is guarded': (workspace) => ({
    changes: [{ kind: 'link', path: `${workspace}/around`, to: 'only-read' }],
    sent: '',
  }),
  'another name': (workspace) => ({
    changes: [
      { kind: 'folder', path: `${workspace}/ONLY-read`, mode: 0o755 },
      file(`${workspace}/ONLY-read/evil`, 'evil'),
    ],
    sent: 'evil',
  }),
  'another name around': (workspace) => ({
    changes: [{ kind: 'folder', path: `${workspace}/Aro\u200cund`, mode: 0o755 }],
    sent: '',
  }),
  'all gone': (workspace) => ({ changes: [{ kind: 'gone', path: workspace }], sent: '' }),
  'file for folder': (workspace) => ({ changes: [file(workspace, 'evil')], sent: 'evil' }),
  'link for folder': (workspace) => ({
    changes: [{ kind: 'link', path: workspace, to: './workspace' }],
    sent: '',
  }),
  many: (workspace) => ({
    changes: Array.from({ length: 10_200 }, (_, number) => ({
      kind: 'gone',
      path: `${workspace}/${number}`,
    })),
    sent: '',
  }),
  huge: (workspace) => ({ changes: [file(`${workspace}/a.txt`, 'x', { size: 10 ** 15 })], sent: 'x' }),
};

process.stdout.write(
  `cadre-sandbox-host ${JSON.stringify({
    protocol: REMOTE_PROTOCOL,
    version: VERSION,
    report: { level: 'enforced', mechanism: 'a promise', missing: [] },
    installation: { ...installationHere(), temporary: '/tmp' },
  })}\n`,
);

const session = performServerHandshake(Duplex.from({ readable: process.stdin, writable: process.stdout }));
let workspace = '';
let out: ServerHttp2Stream | undefined;

session.on('stream', (stream: ServerHttp2Stream, headers) => {
  stream.on('error', () => {});
  stream.respond({ ':status': 200 });
  const what = String(headers[':path']).split('/').at(-1) ?? '';
  answer(what, stream).catch(() => stream.destroy());
});

async function answer(what: string, stream: ServerHttp2Stream): Promise<void> {
  const writer = createByteWriter(stream);
  const reader = createByteReader(stream);
  switch (what) {
    case 'processes': {
      const start = JSON.parse(await reader.line(MOST_START_BYTES)) as { cwd: string };
      workspace = start.cwd;
      if (lie === 'trickle at the start') return trickle(stream);
      await writer.line({ wanted: [] });
      const most = { memoryBytes: 1, processes: 1, openFiles: 1, diskBytes: 1, outputBytes: 1e9 };
      return writer.line({
        process: lie === 'odd name' ? '../x' : 'one',
        most: { ...most, memoryBytes: 1e12 },
      });
    }
    case 'stdout':
      out = stream;
      return;
    case 'stdin':
      return work(reader);
    case 'take':
      return tell(writer, reader, stream);
    case 'measure':
    case 'use':
      return trickle(stream);
    case 'kill':
      await writer.line({ done: true });
      return;
    default:
      // It never says that anything has ended.
      return;
  }
}

/** Never silent, and never at the end of its line. */
async function trickle(stream: ServerHttp2Stream): Promise<void> {
  const timer = setInterval(() => stream.write(' '), 50);
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  clearInterval(timer);
}

/** What a worker would say. */
async function work(reader: ReturnType<typeof createByteReader>): Promise<void> {
  const say = (message: object) => out?.write(`${JSON.stringify(message)}\n`);
  for (;;) {
    const message = JSON.parse(await reader.line(MOST_START_BYTES)) as { type: string; call?: string };
    if (message.type === 'hello')
      say({ type: 'ready', protocol: 1, worker: 'polite', version: '1.2.0', actions: ACTIONS });
    if (message.type === 'call') say({ type: 'succeeded', call: message.call, output: { text: 'done' } });
  }
}

const ACTIONS = ['echo write read report unknown run fetch secret given environment wrong fail slow'].flatMap(
  (names) => names.split(' '),
);

async function tell(
  writer: ReturnType<typeof createByteWriter>,
  reader: ReturnType<typeof createByteReader>,
  stream: ServerHttp2Stream,
): Promise<void> {
  if (lie === 'no number') return writer.line({ entries: -1 });
  if (lie === 'no JSON') return writer.write('entries: 1\n');
  if (lie === 'silence') return;
  if (lie === 'so many') return writer.line({ entries: 2 ** 40 });
  const { changes, sent } = LIES[lie]?.(workspace) ?? { changes: [], sent: '' };
  await writer.line({ entries: changes.length });
  for (const change of changes) await writer.line(change);
  await reader.line(MOST_START_BYTES);
  await writer.write(sent);
  stream.end();
}
