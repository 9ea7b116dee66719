import { spawn } from 'node:child_process';
import type { Io } from '../io.ts';

/** Opens a page where somebody can see it. False: here is no screen, or nothing that opens pages. */
export function openBrowser(address: URL, env: Io['env']): Promise<boolean> {
  const command = browserOf(process.platform, env);
  if (command === undefined) return Promise.resolve(false);
  const [program, ...before] = command;
  return new Promise((resolve) => {
    const child = spawn(program, [...before, address.href], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** None where the browser would be on the machine that one does not sit at. */
export function browserOf(
  platform: NodeJS.Platform,
  env: Io['env'],
): readonly [string, ...string[]] | undefined {
  if ((env['SSH_CONNECTION'] ?? '') !== '') return undefined;
  if (platform === 'darwin') return ['open'];
  // Not `start`: it would give the address to a shell.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  const hasScreen = [env['DISPLAY'], env['WAYLAND_DISPLAY']].some((name) => (name ?? '') !== '');
  return hasScreen ? ['xdg-open'] : undefined;
}
