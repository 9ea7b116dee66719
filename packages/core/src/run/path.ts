/** The lists of steps that stand beside the workflow's own, whose path is the empty text. */
export const ON_FAILURE = '~onFailure';
export const FINALLY = '~finally';
export const RECOVER = '~recover';
export const COMPENSATE = '~compensate';

/** A list that belongs to a step without being part of its work: what mends it, or what undoes it. */
export function isAside(name: string): boolean {
  return name === RECOVER || name === COMPENSATE;
}

export function join(container: string, name: string): string {
  return container === '' ? name : `${container}/${name}`;
}

/** The container of a path; the workflow's own list and its sections stand in none. */
export function parentOf(path: string): string | undefined {
  if (path === '' || path === ON_FAILURE || path === FINALLY) return undefined;
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** From the path itself outward. */
export function* outward(path: string): Generator<string> {
  for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) yield at;
}

/**
 * Whether a step stands somewhere inside a container. What undoes a step belongs to the end of the run and so stands in
 * no container but its own.
 */
export function isWithin(path: string, container: string): boolean {
  if (isUndoing(path) && !isUndoing(container)) return false;
  if (container !== '') return path.startsWith(`${container}/`);
  return !path.startsWith(`${ON_FAILURE}/`) && !path.startsWith(`${FINALLY}/`);
}

/** Whether a path leads through a list that undoes a step. */
export function isUndoing(path: string): boolean {
  return path.includes(COMPENSATE);
}
