import { existsSync } from 'node:fs';

const MANAGERS: readonly (readonly [
  key: string,
  command: (name: string) => string,
  isHere: () => boolean,
])[] = [
  ['apt', (name) => `apt-get install -y ${name}`, () => existsSync('/usr/bin/apt-get')],
  ['brew', (name) => `brew install ${name}`, () => process.platform === 'darwin'],
  ['winget', (name) => `winget install ${name}`, () => process.platform === 'win32'],
  ['npm', (name) => `npm install --save-dev ${name}`, () => true],
  ['pip', (name) => `python3 -m pip install ${name}`, () => true],
  ['other', (command) => command, () => true],
];

/** How to get a program on this system, of the ways that its worker names; undefined where none fits. */
export function installCommand(ways: Readonly<Record<string, string>>): string | undefined {
  const fitting = MANAGERS.find(([key, , isHere]) => ways[key] !== undefined && isHere());
  if (fitting === undefined) return undefined;
  const [key, command] = fitting;
  return command(ways[key] ?? '');
}
