import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { TemporaryPlace } from '../../src/cli/testing/temporary-place.ts';
import { environment, MAIN } from './cadre-process.ts';

export interface Login {
  /** Where one signs in. Rejects when it ended without saying so. */
  address(): Promise<URL>;
  type(line: string): void;
  ended(): Promise<{ readonly code: number | null; readonly said: string }>;
}

/** `cadre mcp login SERVER`, of somebody whose browser is elsewhere. */
export function startLogin(place: TemporaryPlace, argv: readonly string[] = [], server = 'clock'): Login {
  const child: ChildProcess = spawn(process.execPath, [MAIN, 'mcp', 'login', server, ...argv], {
    cwd: place.folder,
    env: environment(place),
  });
  onTestFinished(() => void child.kill());
  const shown = Promise.withResolvers<URL>();
  shown.promise.catch(() => undefined);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, address] = /^ {2}(http\S+)$/m.exec(said) ?? [];
      if (address !== undefined) shown.resolve(new URL(address));
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    shown.reject(new Error(`it ended with ${code}: ${said}`));
    return { code: code as number | null, said };
  });
  return {
    address: () => shown.promise,
    type: (line) => void child.stdin?.write(`${line}\n`),
    ended: () => ended,
  };
}

/** What a browser does there: it goes where it is sent, and ends at the program that waits. */
export async function follow(address: URL): Promise<Response> {
  return fetch(address);
}

/** The same up to the address that it would end at. */
export async function endOf(address: URL): Promise<URL> {
  const response = await fetch(address, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '');
}
