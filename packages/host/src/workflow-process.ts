import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * A process of its own, confined to reading the workspace, in which a workflow written in TypeScript is evaluated:
 * its code must not run inside the host. Prints the workflow as JSON, exactly as it was written.
 */
const SHIM = 'data:text/javascript,export const defineWorkflow = (workflow) => workflow;';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cadre' ? { url: SHIM, format: 'module', shortCircuit: true } : next(specifier, context),
});

const [file = ''] = process.argv.slice(2);
const module: Record<string, unknown> = await import(pathToFileURL(file).href);
const workflow = module['workflow'] ?? module['default'];
if (workflow === undefined) {
  process.stderr.write('the file exports neither `workflow` nor a default\n');
  process.exit(2);
}
process.stdout.write(JSON.stringify(workflow));
