import picomatch from 'picomatch';

export const PROTECTED_BRANCHES: readonly string[] = ['main', 'master', 'release/*'];

export function isProtected(branch: string, globs: readonly string[] = PROTECTED_BRANCHES): boolean {
  return globs.length > 0 && picomatch([...globs])(branch);
}
