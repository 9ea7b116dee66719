import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  CadreError,
  canonicalJson,
  once,
  type ParsedManifest,
  type Problem,
  parseManifest,
} from '@cadre/core';
import type { JsonValue, Manifest } from '@cadre/sdk';
import type { InstalledWorker } from '../ports/action-runner.ts';
import { codeDigest } from './code-digest.ts';

export interface BrokenWorker {
  readonly folder: string;
  readonly problems: readonly Problem[];
}

export type Loaded = { readonly worker: InstalledWorker } | { readonly broken: BrokenWorker };

const CHECKED = 'worker.checked.json';

const MANIFESTS = ['worker.yaml', 'worker.json'];

/** What lies in a folder, whatever that is called. Throws `invalid_manifest`. */
export function loadPackage(folder: string): InstalledWorker {
  const loaded = loadWorker(folder, { builtIn: false });
  if ('worker' in loaded) return loaded.worker;
  throw brokenWorker(basename(folder), [loaded]);
}

interface Found {
  readonly builtIn: boolean;
  /** By the name of its folder: what it has to be called. */
  readonly id?: string;
  /** Its sources, which may change without its manifest: what was agreed to is both. */
  readonly isSource?: boolean;
}

export function loadWorker(given: string, { builtIn, id: expected, isSource = false }: Found): Loaded {
  const folder = realpathSync(given);
  const parsed = (builtIn ? readChecked(folder) : undefined) ?? readManifest(folder);
  if (!parsed.ok) return { broken: { folder, problems: parsed.problems } };
  const { manifest } = parsed;
  if (expected !== undefined && manifest.id !== expected) {
    const problem = fault(
      'id',
      `the worker is called ${manifest.id} and lies in a folder called ${expected}`,
    );
    return { broken: { folder, problems: [problem] } };
  }
  // Most commands want the hash of no worker, and few of more than one.
  const hash = once(() => hashOf(manifest, isSource ? codeDigest(folder) : undefined));
  return {
    worker: {
      manifest,
      get hash() {
        return hash();
      },
      folder,
      builtIn,
      ...(isSource && { isSource }),
    },
  };
}

function hashOf(manifest: Manifest, code: string | undefined): string {
  const hash = createHash('sha256').update(canonicalJson(manifest as unknown as JsonValue));
  return (code === undefined ? hash : hash.update(`\0${code}`)).digest('hex');
}

/** What the build has read and checked already; the same value as the manifest beside it. */
function readChecked(folder: string): ParsedManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, CHECKED), 'utf8')) as Manifest;
    return { ok: true, manifest, problems: [] };
  } catch {
    return undefined;
  }
}

function readManifest(folder: string): ParsedManifest {
  for (const name of MANIFESTS) {
    try {
      return parseManifest(readFileSync(join(folder, name), 'utf8'));
    } catch {
      // Not under this name.
    }
  }
  return { ok: false, problems: [fault('', `there is no readable ${MANIFESTS.join(' or ')}`)] };
}

export function fault(path: string, message: string): Problem {
  return { severity: 'error', code: 'invalid_manifest', message, path };
}

export function brokenWorker(id: string, candidates: readonly Loaded[]): CadreError {
  const problems = candidates.flatMap((one) => ('broken' in one ? one.broken.problems : []));
  const [first] = problems;
  return new CadreError(
    'invalid_manifest',
    `the worker ${id} cannot be used: ${first?.message ?? 'no reason known'}`,
    {
      hint: first?.suggestion ?? 'see `cadre worker list`',
      details: problems,
    },
  );
}
