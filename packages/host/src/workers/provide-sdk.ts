import { registerHooks } from 'node:module';

/**
 * Loaded before the code of a worker that did not come with Cadre, in its process: `@cadre/sdk` is found though nobody installed
 * it. A worker that brings its own has its own; that both sides understand each other is looked at when they greet.
 */
const OURS: Readonly<Record<string, string>> = {
  '@cadre/sdk': new URL('./index.js', import.meta.url).href,
  '@cadre/sdk/worker': new URL('./worker.js', import.meta.url).href,
  '@cadre/sdk/testing': new URL('./testing.js', import.meta.url).href,
};

registerHooks({
  resolve(specifier, context, next) {
    const url = OURS[specifier];
    if (url === undefined) return next(specifier, context);
    try {
      return next(specifier, context);
    } catch {
      return { url, format: 'module', shortCircuit: true };
    }
  },
});
