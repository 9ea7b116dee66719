import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { CadreError, isCadreError } from '@cadre/core';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import { MOST_SKILL_BYTES } from '../../ports/packages.ts';
import { MOST_FILES, pathFault } from './package-index.ts';

/** The kinds of files in the upper half of the attributes that Unix systems write. */
const KIND = { mask: 0o170000, file: 0o100000, folder: 0o040000 } as const;

/** What macOS puts beside everything. */
const OF_MACOS = /^__MACOSX\/|(^|\/)\.DS_Store$/;

interface Wanted {
  readonly entry: Entry;
  readonly path: string;
}

/**
 * Unpacks a ZIP with exactly one folder at its top, which holds `SKILL.md` (BOT-14), and answers that folder. Throws CadreError
 * `invalid_package` with everything that is wrong, before anything is written.
 */
export async function unzipSkill(file: string, to: string): Promise<string> {
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true, decodeStrings: false }).catch(
    (cause: unknown) => {
      throw refuse(['it is damaged'], cause);
    },
  );
  try {
    const { files, top } = await lookThrough(zip);
    for (const { entry, path } of files) await write(zip, entry, join(to, path));
    return join(to, top);
  } catch (error) {
    if (isCadreError(error) || (error instanceof Error && 'syscall' in error)) throw error;
    throw refuse(['it is damaged'], error);
  } finally {
    zip.close();
  }
}

async function lookThrough(
  zip: ZipFile,
): Promise<{ readonly files: readonly Wanted[]; readonly top: string }> {
  const faults: string[] = [];
  const files: Wanted[] = [];
  const tops = new Set<string>();
  const seen = new Set<string>();
  let bytes = 0;
  if (zip.entryCount > MOST_FILES) throw refuse([`it has more than ${MOST_FILES} entries`]);
  for await (const entry of zip.eachEntry()) {
    const written = nameOf(entry);
    if (OF_MACOS.test(written)) continue;
    const isFolder = written.endsWith('/');
    const path = isFolder ? written.slice(0, -1) : written;
    const shown = JSON.stringify(path);
    const kind = (entry.externalFileAttributes >>> 16) & KIND.mask;
    const fault = pathFault(path);
    if (fault !== undefined) faults.push(`${shown}: ${fault}`);
    else if (kind !== 0 && kind !== (isFolder ? KIND.folder : KIND.file))
      faults.push(`${shown} is a link or another thing that is no plain file`);
    else if (entry.isEncrypted()) faults.push(`${shown} is encrypted`);
    else if (!isFolder && !path.includes('/')) faults.push(`${shown} lies beside the folder of the skill`);
    else tops.add(path.split('/')[0] ?? path);
    if (isFolder || fault !== undefined) continue;
    const folded = path.normalize('NFC').toLowerCase();
    if (seen.has(folded)) faults.push(`${shown} is there twice`);
    seen.add(folded);
    bytes += entry.uncompressedSize;
    files.push({ entry, path });
  }
  const [top = ''] = tops;
  if (bytes > MOST_SKILL_BYTES)
    faults.push(`unpacked it has ${bytes} bytes, and at most ${MOST_SKILL_BYTES} are taken`);
  if (tops.size > 1) faults.push(`it has ${tops.size} folders at its top: ${[...tops].sort().join(', ')}`);
  else if (!files.some(({ path }) => path === `${top}/SKILL.md`))
    faults.push('it has no folder at its top that holds SKILL.md');
  if (faults.length > 0) throw refuse(faults);
  return { files, top };
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

/** The library ends a stream that is longer or shorter than its entry says. What it holds is ours to compare. */
async function write(zip: ZipFile, entry: Entry, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const isProgram = ((entry.externalFileAttributes >>> 16) & 0o111) !== 0;
  const reading = await zip.openReadStreamPromise(entry);
  let sum = 0;
  const summing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      done(null, chunk);
    },
  });
  const mode = isProgram ? 0o755 : 0o644;
  await pipeline(reading, summing, createWriteStream(target, { flags: 'wx', mode }));
  if (sum !== entry.crc32) throw new Error(`the content of ${target} is not what the ZIP says`);
}

function refuse(faults: readonly string[], cause?: unknown): CadreError {
  return new CadreError(
    'invalid_package',
    `this ZIP is no skill that could be installed: ${faults.join('; ')}`,
    {
      hint: 'pack one folder that is called like the skill and holds SKILL.md; nothing was installed',
      details: { faults },
      cause,
    },
  );
}
