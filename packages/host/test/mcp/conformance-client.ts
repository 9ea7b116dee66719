import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the conformance suite starts as a client, with the address of its server: declares that as an MCP server of a workspace,
 * accepts its tools, and calls those that the suite wants called, each as a step of a run.
 */
const { CADRE_MAIN: main = '', CADRE_WORKSPACE: workspace = '' } = process.env;
const url = process.argv.at(-1) ?? '';

const cadre = (...argv: string[]) => {
  try {
    return execFileSync(process.execPath, [main, ...argv], {
      cwd: workspace,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
};

interface Change {
  readonly after: {
    readonly action: string;
    readonly tool: { readonly name: string; readonly inputSchema: { readonly properties?: object } };
  };
}

const write = (path: string, text: string) => {
  mkdirSync(join(workspace, path, '..'), { recursive: true });
  writeFileSync(join(workspace, path), text);
};

const { hostname, port } = new URL(url);
write(
  '.cadre/mcp/suite.yaml',
  JSON.stringify({ apiVersion: 'cadre/v1', kind: 'McpServer', metadata: { name: 'suite' }, spec: { url } }),
);
cadre('grant', 'add', 'suite', `net:${hostname}:${port}`);
const { hash, changes } = JSON.parse(cadre('mcp', 'accept', 'suite', '--json')) as {
  hash: string;
  changes: readonly Change[];
};
cadre('mcp', 'accept', 'suite', '--accept', hash);
/** The suite wants to see that nothing of this schema was lost on the way. */
const focal = changes.find(({ after }) => after.tool.name === 'json_schema_2020_12_tool')?.after.tool
  .inputSchema;
for (const { after } of changes) {
  const names = Object.keys(after.tool.inputSchema.properties ?? {});
  const input = Object.fromEntries(names.map((name, at) => [name, name === 'schema' ? focal : at + 2]));
  const step = { id: 'it', uses: `suite/${after.action}`, with: input };
  const workflow = {
    apiVersion: 'cadre/v1',
    kind: 'Workflow',
    metadata: { name: 'call' },
    spec: { steps: [step] },
  };
  write('.cadre/workflows/call.yaml', JSON.stringify(workflow));
  process.stdout.write(cadre('run', 'call', '--yes'));
}
