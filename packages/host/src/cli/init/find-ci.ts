import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface CiSystem {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Where a workflow of its own can stand beside those that are there. */
  readonly folder?: string;
}

const FOLDERS = [
  { name: 'GitHub Actions', folder: '.github/workflows' },
  { name: 'Gitea Actions', folder: '.gitea/workflows' },
  { name: 'Forgejo Actions', folder: '.forgejo/workflows' },
];

const FILES = [
  { name: 'GitLab CI', file: '.gitlab-ci.yml' },
  { name: 'CircleCI', file: '.circleci/config.yml' },
  { name: 'Jenkins', file: 'Jenkinsfile' },
  { name: 'Azure Pipelines', file: 'azure-pipelines.yml' },
];

/** The systems that build this repository, as its files tell. */
export async function findCi(root: string): Promise<readonly CiSystem[]> {
  const inFolders = await Promise.all(
    FOLDERS.map(async ({ name, folder }) => {
      const files = await readdir(join(root, folder)).catch(() => []);
      const [first] = files.filter((file) => /\.ya?ml$/.test(file)).toSorted();
      return first === undefined ? [] : [{ name, folder, file: `${folder}/${first}` }];
    }),
  );
  const inFiles = await Promise.all(
    FILES.map(async (one) => ((await exists(join(root, one.file))) ? [one] : [])),
  );
  return [...inFolders, ...inFiles].flat();
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
