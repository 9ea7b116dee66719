import { buildAll } from './build.ts';

/** Tests run the program as it is shipped: workers are always started from their bundles. */
export default async function setup(): Promise<void> {
  await buildAll();
}
