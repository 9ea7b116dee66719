import { type BuiltIn, repositoryCheck } from '../built-in/built-in.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { byName, chooseFiles } from './choose-files.ts';
import type { HookConfig, PreCommitConfig } from './config.ts';
import { pythonPattern } from './python-pattern.ts';

const CONFIG_ITSELF = '^\\.pre-commit-config\\.ya?ml$';

/** The hooks of `repo: meta`, which look at the configuration. `complete` fills in what the repository of a hook says. */
export function metaHooks(
  config: PreCommitConfig,
  complete: (repo: string, hook: HookConfig) => HookConfig,
): ReadonlyMap<string, BuiltIn> {
  const hooks = config.repos.flatMap(({ repo, hooks }) =>
    hooks.map((hook) => ({ repo, hook: complete(repo, hook) })),
  );
  const known = (snapshot: Snapshot) => byName([...snapshot.entries.keys()], config.files, config.exclude);
  return new Map<string, BuiltIn>([
    [
      'check-hooks-apply',
      {
        name: 'Check hooks apply to the repository',
        files: CONFIG_ITSELF,
        create: () =>
          repositoryCheck(async (_, { snapshot }) => {
            const paths = known(snapshot);
            await snapshot.load(paths);
            const idle = hooks.filter(
              ({ repo, hook }) =>
                repo !== 'meta' &&
                !hook.always_run &&
                hook.language !== 'fail' &&
                chooseFiles(paths, hook, snapshot).length === 0,
            );
            return linesOf(idle.map(({ hook }) => `${hook.id} does not apply to this repository`));
          }),
      },
    ],
    [
      'check-useless-excludes',
      {
        name: 'Check for useless excludes',
        files: CONFIG_ITSELF,
        create: () =>
          repositoryCheck(async (_, { snapshot }) => {
            const all = [...snapshot.entries.keys()];
            const global = excludesAny(all, '', config.exclude)
              ? []
              : [`The global exclude pattern '${config.exclude}' does not match any files`];
            const paths = known(snapshot);
            await snapshot.load(paths);
            const idle = hooks.filter(({ hook: { files = '', exclude = '^$', ...types } }) => {
              const typed = chooseFiles(paths, { types: [], ...types }, snapshot);
              return !excludesAny(typed, files, exclude);
            });
            const own = idle.map(
              ({ hook }) => `The exclude pattern '${hook.exclude}' for ${hook.id} does not match any files`,
            );
            return linesOf([...global, ...own]);
          }),
      },
    ],
    [
      'identity',
      {
        name: 'identity',
        create: () =>
          repositoryCheck(async (paths, { context }) => {
            context.log('info', paths.join('\n'));
            return undefined;
          }),
      },
    ],
  ]);
}

function excludesAny(paths: readonly string[], files: string, exclude: string): boolean {
  if (exclude === '^$') return true;
  const unwanted = pythonPattern(exclude);
  return byName(paths, files, '^$').some((path) => unwanted.test(path));
}

function linesOf(lines: readonly string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.join('\n');
}
