import { existsSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkCalls,
  isCadreError,
  type KnownWorker,
  type Problem,
  parseManifest,
  parsePermission,
} from '@cadre/core';
import type { ActionManifest, EffectClass, Manifest } from '@cadre/sdk';
import type { Validated } from '../../ports/authoring.ts';
import { holdsSecret } from './holds-secret.ts';
import { listPackageFiles } from './list-package-files.ts';

/**
 * Everything that can be said of a package without starting it (WRK-2): its manifest, its files, whether effects and permissions go
 * together, and the security checklist (WRK-24), whose findings are warnings.
 */
export async function validatePackage(
  folder: string,
  /** Those that are there besides, which it may call. */
  known: readonly KnownWorker[] = [],
): Promise<Validated> {
  const name = ['worker.yaml', 'worker.json'].find((one) => existsSync(join(folder, one)));
  if (name === undefined) {
    const problem = error(
      '',
      `there is no worker.yaml in ${folder}`,
      'cadre worker new makes a worker to begin with',
    );
    return { file: undefined, manifest: undefined, problems: [problem] };
  }
  const file = join(folder, name);
  const parsed = parseManifest(await readFile(file, 'utf8'));
  const manifest = parsed.ok ? parsed.manifest : parsed.shaped;
  const files = await filesOf(folder);
  return {
    file,
    manifest,
    problems: [
      ...parsed.problems,
      ...files.problems,
      ...(manifest === undefined ? [] : checkCalls(manifest, known).map(asProblem)),
      ...(manifest === undefined ? [] : await problemsOf(manifest, folder, files.paths)),
    ],
  };
}

function asProblem({ severity, path, message, suggestion }: ReturnType<typeof checkCalls>[number]): Problem {
  const [, action, , call] = path;
  return {
    severity,
    code: 'invalid_manifest',
    message,
    path: `actions[${action}].calls[${call}]`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

async function filesOf(
  folder: string,
): Promise<{ readonly paths: readonly string[]; readonly problems: readonly Problem[] }> {
  try {
    return { paths: (await listPackageFiles(folder)).map(({ path }) => path), problems: [] };
  } catch (thrown) {
    if (!isCadreError(thrown)) throw thrown;
    return { paths: [], problems: [error('', thrown.message, thrown.hint)] };
  }
}

async function problemsOf(
  manifest: Manifest,
  folder: string,
  paths: readonly string[],
): Promise<readonly Problem[]> {
  return [
    ...(await checkEntry(manifest, folder)),
    ...checkDocumentation(manifest, paths),
    ...manifest.actions.flatMap((action, index) => checkEffects(action, manifest, index)),
    ...checkBreadth(manifest),
    ...(await checkCode(folder, paths)),
  ];
}

async function checkEntry(
  { entrypoint, strategy, platforms }: Manifest,
  folder: string,
): Promise<readonly Problem[]> {
  const found = await lstat(join(folder, entrypoint)).catch(() => undefined);
  if (found === undefined)
    return [error('entrypoint', `there is no file ${entrypoint}`, 'name the file that is started')];
  if (!found.isFile())
    return [error('entrypoint', `${entrypoint} is no plain file`, 'put the file itself there')];
  if (strategy !== 'program') return [];
  if ((found.mode & 0o111) === 0)
    return [error('entrypoint', `${entrypoint} cannot be executed`, `chmod +x ${entrypoint}`)];
  if (platforms !== undefined) return [];
  return [warning('platforms', 'a program runs on some systems only, and none is named', 'add platforms:')];
}

function checkDocumentation(
  { actions, description }: Manifest,
  paths: readonly string[],
): readonly Problem[] {
  return [
    ...(description === undefined
      ? [warning('description', 'nothing says what the worker is for', 'add description:')]
      : []),
    ...(paths.length > 0 && !paths.some((path) => /^readme\.md$/i.test(path))
      ? [warning('', 'there is no README.md', 'say in one what people need to know before they use it')]
      : []),
    ...actions.flatMap(({ name, examples, effects }, index) =>
      (examples ?? []).length === 0 && effects.every((effect) => effect === 'none')
        ? [
            warning(
              `actions[${index}].examples`,
              `${name} has no example`,
              'add examples: they are documentation and tests at once',
            ),
          ]
        : [],
    ),
  ];
}

/** Without one of these an effect is either not had, or had behind the back of whoever granted. */
const NEEDED: Partial<Readonly<Record<EffectClass, readonly string[]>>> = {
  write: ['fs:write', 'shell'],
  delete: ['fs:write', 'shell'],
  read: [
    'fs:read',
    'fs:write',
    'shell',
    'net',
    'env',
    'browser',
    'clipboard',
    'screen',
    'camera',
    'microphone',
    'location',
    'device',
    'process',
    'container',
  ],
  publish: ['net', 'shell', 'browser'],
  send: ['net', 'shell', 'notify', 'browser'],
};

/** What each type may do to the world, where it does not do nothing. */
const MAY_CHANGE = new Set(['fs:write', 'input', 'clipboard', 'container', 'process', 'elevated', 'device']);

function checkEffects(action: ActionManifest, worker: Manifest, index: number): readonly Problem[] {
  const types = (action.permissions ?? worker.permissions).flatMap((text) => {
    const parsed = parsePermission(text);
    return parsed.ok ? [parsed.permission.type as string] : [];
  });
  const path = `actions[${index}].effects`;
  const missing = action.effects.flatMap((effect) => {
    const needed = NEEDED[effect];
    if (needed === undefined || types.some((type) => needed.includes(type))) return [];
    return [
      warning(
        path,
        `${action.name} says that it may ${effect}, and has no permission for that`,
        `ask for ${needed[0]}, or leave ${effect} out`,
      ),
    ];
  });
  const silent = types.filter((type) => MAY_CHANGE.has(type));
  const changes = action.effects.some((effect) => effect !== 'none' && effect !== 'read');
  if (silent.length === 0 || changes) return missing;
  const asks = [...new Set(silent)].join(', ');
  return [
    ...missing,
    warning(
      path,
      `${action.name} asks for ${asks} and says that it changes nothing`,
      'name its effects, or narrow permissions: of the action',
    ),
  ];
}

/** Shells understand more than the program that was meant. */
const SHELLS = new Set([
  'sh',
  'bash',
  'zsh',
  'dash',
  'fish',
  'ksh',
  'powershell',
  'pwsh',
  'cmd',
  'env',
  'xargs',
  'sudo',
  'su',
]);

function checkBreadth({ permissions }: Manifest): readonly Problem[] {
  return permissions.flatMap((text, index) => {
    const parsed = parsePermission(text);
    if (!parsed.ok) return [];
    const { type, scope } = parsed.permission;
    const path = `permissions[${index}]`;
    if (type === 'elevated')
      return [warning(path, 'it wants to act as the administrator', 'hardly anything needs that')];
    if (type === 'shell' && SHELLS.has(scope)) {
      return [
        warning(
          path,
          `${scope} runs whatever it is told to, not one program`,
          'call the program itself with a list of arguments',
        ),
      ];
    }
    if (type === 'net' && /^\*(:|$)/.test(scope))
      return [warning(path, 'it wants to reach any host', 'name the hosts')];
    if (
      scope === '*' &&
      !['clipboard', 'screen', 'input', 'camera', 'microphone', 'location'].includes(type)
    ) {
      return [warning(path, `${text} has no bounds`, 'name what is needed')];
    }
    if (type.startsWith('fs:') && /^(\/|~)(\/\*\*)?$/.test(scope))
      return [warning(path, `${text} is everything there is`, 'name the folder')];
    return [];
  });
}

const DANGEROUS: readonly (readonly [RegExp, string])[] = [
  [/(^|[^\w.'"`])eval\s*\(/m, 'evaluates text as code'],
  [/new\s+Function\s*\(/m, 'evaluates text as code'],
  [/['"](node:)?vm['"]/m, 'loads the module vm, which is no boundary'],
  [/['"](node:)?inspector['"]/m, 'loads the debugger'],
  [/process\.(binding|dlopen)\s*\(/m, 'reaches below Node'],
  [/shell\s*:\s*true/m, 'starts a program through a shell'],
];

async function checkCode(folder: string, paths: readonly string[]): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const path of paths) {
    if (!/\.([cm]?[jt]s|json|ya?ml|md|txt)$/.test(path)) {
      if (path.endsWith('.node'))
        problems.push(
          warning(path, `${path} is native code`, 'the sandbox holds it, but nobody can read it'),
        );
      continue;
    }
    const text = await readFile(join(folder, path), 'utf8');
    if (holdsSecret(text))
      problems.push(
        error(
          path,
          `${path} holds something that looks like a secret`,
          'remove it, and have it replaced where it is used',
        ),
      );
    if (path.startsWith('node_modules/') || !/\.[cm]?[jt]s$/.test(path) || /(^|\/)tests?\//.test(path))
      continue;
    for (const [pattern, does] of DANGEROUS) {
      if (pattern.test(text))
        problems.push(warning(path, `${path} ${does}`, 'do without it, or say in README.md why it must be'));
    }
  }
  return problems;
}

function error(path: string, message: string, suggestion?: string): Problem {
  return {
    severity: 'error',
    code: 'invalid_package',
    message,
    path,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function warning(path: string, message: string, suggestion: string): Problem {
  return { severity: 'warning', code: 'invalid_package', message, path, suggestion };
}
