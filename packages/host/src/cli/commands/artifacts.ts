import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CadreError, parseValue, plainText } from '@cadre/core';
import { bytes, relativeTime, truncate } from '@cadre/kit/format';
import type { JsonValue } from '@cadre/sdk';
import type { App } from '../../app.ts';
import { artifactContent } from '../../engine/artifact-content.ts';
import type { ArtifactRecord } from '../../ports/artifacts.ts';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { resolveRun } from '../run/resolve-run.ts';
import { printTable } from '../show/table.ts';
import { withApp } from '../with-app.ts';

const DEFAULT_LIMIT = 20;
/** Long enough to name one in any workspace, short enough for a table. */
const SHORT = 'sha256:'.length + 12;
const SHOWN = 400;

export const listArtifacts: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { options, output } = invocation;
    const limit = options['limit'] === undefined ? DEFAULT_LIMIT : Number(options['limit']);
    if (!Number.isInteger(limit) || limit < 1) throw usageError('--limit takes a whole number from 1');
    const page = await app.artifacts.list({
      limit,
      ...(typeof options['run'] === 'string' ? { run: await resolveRun(app, options['run']) } : {}),
      ...(typeof options['cursor'] === 'string' ? { cursor: options['cursor'] } : {}),
    });
    output.document(page);
    if (page.artifacts.length === 0) output.line('There are none.');
    const now = app.clock.now();
    printTable(
      ['artifact', 'size', 'what', 'class', 'first run', 'used?'],
      page.artifacts.map((one) => [
        one.digest.slice(0, SHORT),
        bytes(one.bytes),
        whatOf(one),
        one.class,
        one.run,
        relativeTime(one.usedAt, { now }),
      ]),
      output,
    );
    if (page.cursor !== undefined) output.line(`\nmore: cadre artifacts list --cursor "${page.cursor}"`);
    return EXIT.ok;
  });

export const showArtifact: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output } = invocation;
    const found = await findOne(app, invocation.arguments[0]);
    const runs = await app.artifacts.listRuns(found.digest);
    const beginning = await beginningOf(app, found);
    const begins = isText(found) ? beginning : undefined;
    output.document({ ...found, runs, ...(begins === undefined ? {} : { begins }) });
    const now = app.clock.now();
    output.line(`${found.digest}`);
    output.line(`${whatOf(found)}, ${bytes(found.bytes)}, whole`);
    output.line(`class  ${found.class}`);
    output.line(`made   ${relativeTime(found.createdAt, { now })} by ${found.run}`);
    output.line(
      `used   ${relativeTime(found.usedAt, { now })}, by ${runs.length === 0 ? 'no run any more' : runs.join(', ')}`,
    );
    if (begins !== undefined) {
      output.line();
      output.line(plainText(truncate(begins, SHOWN - 1)));
    }
    output.line(`\ntry: cadre artifacts export ${found.digest.slice(0, SHORT)} FILE`);
    return EXIT.ok;
  });

export const exportArtifact: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { io, output } = invocation;
    const [digest, file = '-'] = invocation.arguments;
    const found = await findOne(app, digest);
    const content = contentOf(app, found);
    if (file === '-') {
      for await (const piece of content) await written(io.stdout, piece);
      return EXIT.ok;
    }
    const path = resolve(io.cwd, file);
    if (existsSync(path)) {
      throw new CadreError('exists', `${path} is there already`, {
        hint: 'name another file, or remove that one',
      });
    }
    const size = await writeWhole(path, content);
    output.document({ digest: found.digest, file: path, bytes: size });
    output.line(`${path} (${bytes(size)})`);
    return EXIT.ok;
  });

export const keepArtifact: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const { output, options } = invocation;
    const found = await findOne(app, invocation.arguments[0]);
    const to = options['not'] === true ? 'standard' : 'kept';
    await app.artifacts.setClass(found.digest, to);
    await app.audit.append({
      at: app.clock.now(),
      principal: app.principal,
      worker: 'cadre',
      action: 'retention',
      operation: to === 'kept' ? 'keep' : 'release',
      target: found.digest,
      decision: 'allowed',
      rule: 'asked for at the command line',
      details: { class: to },
    });
    output.document({ digest: found.digest, class: to });
    output.line(
      to === 'kept'
        ? `${found.digest} is kept for ever.`
        : `${found.digest} goes when it falls due (cadre clean --plan).`,
    );
    return EXIT.ok;
  });

async function findOne(app: App, named = ''): Promise<ArtifactRecord> {
  const [found, ...more] = await app.artifacts.find(named);
  if (found === undefined) {
    throw new CadreError('not_found', `there is no artifact ${named}`, { hint: 'cadre artifacts list' });
  }
  if (more.length === 0) return found;
  throw new CadreError('invalid_input', `"${named}" is the beginning of several artifacts`, {
    hint: `one is ${found.digest}`,
  });
}

function contentOf({ artifacts }: App, found: ArtifactRecord): AsyncIterable<Uint8Array> {
  return artifactContent(
    artifacts,
    found,
    async () => parseValue(await artifacts.read(found.digest)) as JsonValue,
  );
}

/** Reads all of it, so that it is proved, and keeps the beginning. */
async function beginningOf(app: App, found: ArtifactRecord): Promise<string> {
  let begins: string | undefined;
  for await (const piece of contentOf(app, found)) {
    begins ??= Buffer.from(piece).toString('utf8').slice(0, SHOWN);
  }
  return begins ?? '';
}

function isText({ type, contentType = '' }: ArtifactRecord): boolean {
  return type !== 'bytes' || /^text\/|[/+](json|xml|yaml)\b/.test(contentType);
}

/** It has its name only when it is whole and proved. */
async function writeWhole(path: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  const beside = `${path}.${process.pid}.part`;
  const file = await open(beside, 'wx');
  let size = 0;
  try {
    for await (const piece of content) {
      await file.writeFile(piece);
      size += piece.length;
    }
    await file.sync();
    await rename(beside, path);
  } finally {
    await file.close();
    await rm(beside, { force: true });
  }
  return size;
}

/** Resolves when the bytes have been taken, and their memory may be used again. */
function written(to: NodeJS.WritableStream, piece: Uint8Array): Promise<void> {
  return new Promise((done, failed) =>
    to.write(Buffer.from(piece), (error?: Error | null) => (error ? failed(error) : done())),
  );
}

function whatOf({ type, elements, contentType }: ArtifactRecord): string {
  if (contentType !== undefined) return contentType;
  return elements === undefined ? type : `${type} of ${elements}`;
}
