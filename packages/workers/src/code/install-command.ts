import type { ActionContext } from '@cadre/sdk';
import type { Folder } from './folder.ts';
import type { Install } from './tools/tool.ts';

const NODE_MANAGERS = [
  { lock: 'pnpm-lock.yaml', install: 'pnpm install', add: 'pnpm add --save-dev' },
  { lock: 'yarn.lock', install: 'yarn install', add: 'yarn add --dev' },
  { lock: 'bun.lock*', install: 'bun install', add: 'bun add --dev' },
  { lock: '*', install: 'npm install', add: 'npm install --save-dev' },
];

const PYTHON_MANAGERS = [
  { lock: 'uv.lock', install: 'uv sync', add: 'uv add --dev' },
  { lock: 'poetry.lock', install: 'poetry install', add: 'poetry add --group dev' },
  { lock: '*', install: '', add: 'python3 -m pip install' },
];

/** The command that installs a tool the way this repository and this system install things. */
export async function installCommand(
  context: ActionContext,
  folder: Folder,
  install: Install,
): Promise<string | undefined> {
  if (install.npm !== undefined) {
    return managed(NODE_MANAGERS, folder, install.npm, folder.npmDependency(install.npm));
  }
  if (install.python !== undefined) {
    return managed(PYTHON_MANAGERS, folder, install.python, folder.pythonDependency(install.python));
  }
  const system = [
    { manager: 'apt-get', command: install.apt && `apt-get install -y ${install.apt}` },
    { manager: 'brew', command: install.brew && `brew install ${install.brew}` },
  ];
  for (const { manager, command } of system) {
    if (command !== undefined && (await context.find(manager)) !== undefined) return command;
  }
  return install.other;
}

function managed(
  managers: typeof NODE_MANAGERS,
  folder: Folder,
  name: string,
  declared: string | undefined,
): string | undefined {
  const manager = managers.find(({ lock }) => lock === '*' || folder.file(lock) !== undefined);
  if (manager === undefined) return undefined;
  return declared !== undefined && manager.install !== '' ? manager.install : `${manager.add} ${name}`;
}
