import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type ActionContext,
  type Change,
  defineAction,
  type Finding,
  type StepReport,
  skip,
} from '@cadre/sdk';
import { blobId } from '../tree/blob-id.ts';
import { freeName } from '../tree/free-name.ts';
import { excluder, listEntries } from '../tree/list-files.ts';
import { nameInside, resolveInside } from '../tree/safe-path.ts';
import { writeAtomic } from '../tree/write-atomic.ts';
import { dumpFolder } from './dump-store.ts';
import { gitFacts } from './git-facts.ts';
import { maskSecrets } from './mask.ts';
import { rankFiles } from './rank.ts';
import { contentsLine, type DumpedSource, type DumpFacts, renderHead, renderSource } from './render.ts';
import { decode, surveyFiles } from './survey.ts';

interface CreateInput {
  readonly path?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly maxBytes?: number;
  readonly maxFileBytes?: number;
  readonly tokens?: number;
  readonly output?: string;
  readonly gzip?: boolean;
}

interface CreateReport extends StepReport {
  readonly path: string | null;
}

/** What models count on average for source code. */
const BYTES_PER_TOKEN = 4;
const DEFAULT_MAX_BYTES = 5 * 1024 * 1024;
const DEFAULT_MAX_FILE_BYTES = 256 * 1024;

/** The same files give the same bytes. Skips with `nothing_to_do` when there is no file. */
export const create = defineAction(async (input: CreateInput, context): Promise<CreateReport> => {
  const root = await resolveInside(context.workspace, '.');
  const target = await targetOf(input, root, context);
  const facts = await collectFacts(input, root, target, context);
  if (facts.files.length === 0) throw skip('nothing_to_do', 'there are no files to dump');
  const { sources, findings } = await chooseSources(input, root, facts);
  const head = renderHead(
    facts,
    sources.map(({ path }) => path),
  );
  const text = `${head}${sources.map(renderSource).join('')}\n`;
  const bytes = input.gzip ? await promisify(gzip)(text) : Buffer.from(text);
  context.effect({ kind: 'archive', path: target, files: facts.files.length, bytes: bytes.length });
  const changes = context.mode === 'preview' ? [] : await write(target, bytes, context);
  return {
    path: context.mode === 'preview' ? null : target,
    summary: `${sources.length} of ${facts.files.length} files in ${basename(target)} (${bytes.length} bytes)`,
    changes: input.output === undefined ? [] : changes,
    findings,
    metrics: {
      files: facts.files.length,
      shown: sources.length,
      bytes: bytes.length,
      tokens: Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN),
    },
    artifacts: context.mode === 'preview' ? [] : [target],
    skipped: [],
  };
});

async function targetOf(input: CreateInput, root: string, context: ActionContext): Promise<string> {
  if (input.output !== undefined) return resolveInside(root, input.output);
  const folder = dumpFolder(context);
  return join(folder, await freeName(folder, basename(root), input.gzip ? '.md.gz' : '.md'));
}

async function collectFacts(
  input: CreateInput,
  root: string,
  target: string,
  context: ActionContext,
): Promise<DumpFacts> {
  const folder = await resolveInside(context.workspace, input.path ?? '.');
  const isWanted = input.include === undefined ? () => true : excluder(input.include);
  const entries = await listEntries(context, {
    ...(input.path === undefined ? {} : { path: input.path }),
    ...(input.exclude === undefined ? {} : { exclude: input.exclude }),
  });
  // A dump that holds the one before would grow each time.
  const own = new Set([await nameInside(root, target), await nameInside(root, dumpFolder(context))]);
  const files = entries.filter(
    ({ kind, path }) => kind === 'file' && isWanted(path) && !own.has(path) && !own.has(dirname(path)),
  );
  return {
    name: basename(folder),
    git: await gitFacts(context, folder),
    files: await surveyFiles(context, root, files, input.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES),
  };
}

/** The most central files that fit into the budget together with everything around them. */
async function chooseSources(
  input: CreateInput,
  root: string,
  facts: DumpFacts,
): Promise<{ sources: DumpedSource[]; findings: Finding[] }> {
  const sources: DumpedSource[] = [];
  const findings: Finding[] = [];
  let room = budgetOf(input) - Buffer.byteLength(renderHead(facts, []));
  for (const { path, bytes } of rankFiles(facts.files.filter(({ state }) => state === 'text'))) {
    if (bytes > room) continue;
    const content = decode(await readFile(join(root, path)));
    if (content === undefined) continue;
    const masked = maskSecrets(content);
    const source = { path, text: masked.text };
    const parts = renderSource(source, sources.length) + contentsLine(path, sources.length);
    const cost = Buffer.byteLength(parts);
    if (cost > room) continue;
    room -= cost;
    sources.push(source);
    if (masked.count > 0) findings.push(maskedFinding(path, masked.count));
  }
  return { sources, findings };
}

function budgetOf({ maxBytes = DEFAULT_MAX_BYTES, tokens }: CreateInput): number {
  return tokens === undefined ? maxBytes : Math.min(maxBytes, tokens * BYTES_PER_TOKEN);
}

async function write(target: string, bytes: Buffer, context: ActionContext): Promise<Change[]> {
  await mkdir(dirname(target), { recursive: true });
  const old = await readFile(target).catch(() => undefined);
  await writeAtomic(target, bytes);
  const path = await nameInside(context.workspace, target);
  return [
    {
      path,
      change: old === undefined ? 'created' : 'modified',
      before: old === undefined ? null : blobId(old),
    },
  ];
}

function maskedFinding(path: string, count: number): Finding {
  return {
    tool: 'dump',
    rule: 'secret_masked',
    severity: 'info',
    confidence: 'medium',
    file: path,
    message: `${count} texts that look like secrets are masked in the dump`,
  };
}
