import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Provenance } from '../../ports/package-facts.ts';

const run = promisify(execFile);

/** What a package leaves out, so it makes no folder another one. */
const LEFT_OUT = [':(exclude)*.tgz', ':(exclude)*.reviews', ':(exclude)*.log', ':(exclude).DS_Store'];

/**
 * From git, of a folder: the last commit that changed it, so that commits elsewhere in the repository make no other package. Undefined:
 * there is no commit, or no git.
 */
export async function readProvenance(folder: string): Promise<Provenance | undefined> {
  const git = async (...args: readonly string[]) =>
    (await run('git', ['-c', 'core.fsmonitor=false', '-C', folder, ...args])).stdout.trim();
  const [commit = '', seconds = ''] = (
    await git('log', '-1', '--format=%H %ct', '--', '.').catch(() => '')
  ).split(' ');
  if (commit === '') return undefined;
  const changed = await git('status', '--porcelain', '--untracked-files=all', '--', '.', ...LEFT_OUT);
  const repository = repositoryOf(await git('config', '--get', 'remote.origin.url').catch(() => ''));
  return {
    commit,
    at: new Date(Number(seconds) * 1_000).toISOString(),
    dirty: changed !== '',
    ...(repository === undefined ? {} : { repository }),
  };
}

/** Only where others can find it, too: no user, no password, no folder of this machine. */
export function repositoryOf(address: string): string | undefined {
  const [, host, path] = /^(?:[^@/:]+@)?([\w.-]+):(?!\/\/)([\w./~+-]+)$/.exec(address) ?? [];
  if (host !== undefined && path !== undefined && host.length > 1) return tidy(`${host}/${path}`);
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname, port, pathname } = new URL(address);
  if (hostname === '' || !/^(https?|ssh|git):$/.test(protocol)) return undefined;
  return tidy(`${hostname}${port === '' ? '' : `:${port}`}${pathname}`);
}

function tidy(place: string): string {
  return place
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\.git$/, '')
    .replace(/\/$/, '');
}
