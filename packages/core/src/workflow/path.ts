/** Where something stands in a document: `['spec', 'steps', 2, 'uses']`. */
export type Path = readonly (string | number)[];

/** As people write it: `spec.steps[2].uses`, `spec.inputs["my key"]`. */
export function formatPath(path: Path): string {
  return path.map(formatSegment).join('').replace(/^\./, '');
}

function formatSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  return /^[A-Za-z_][\w-]*$/.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`;
}
