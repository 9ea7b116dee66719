/** Names as the Open Source Vulnerability schema writes them. */
export const ECOSYSTEMS = ['npm', 'PyPI', 'crates.io', 'Go'] as const;

export type Ecosystem = (typeof ECOSYSTEMS)[number];
