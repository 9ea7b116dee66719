import { CadreError } from '@cadre/core/history';
import { parseDuration } from '@cadre/kit/format';
import type { CommandHandler } from '../command.ts';
import { EXIT, usageError } from '../exit.ts';
import { printTable } from '../show/table.ts';
import { withApp, withRecords } from '../with-app.ts';

export const listGrants: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const grants = await records.grants.list(records.clock.now());
    invocation.output.document({ grants });
    if (grants.length === 0) invocation.output.line('No grants: workers have what policy allows.');
    const rows = grants.map((grant) => [
      grant.id,
      grant.worker,
      grant.decision,
      grant.permission,
      grant.run ?? 'workspace',
      grant.expiresAt === undefined ? 'until revoked' : new Date(grant.expiresAt).toISOString(),
    ]);
    printTable(['grant', 'worker', 'decision?', 'permission', 'for?', 'expires?'], rows, invocation.output);
    return EXIT.ok;
  });

export const addGrant: CommandHandler = (invocation) =>
  withApp(invocation, async (app) => {
    const [worker = '', text = ''] = invocation.arguments;
    const { formatPermission, parsePermission } = await import('@cadre/core');
    const parsed = parsePermission(text);
    if (!parsed.ok) throw usageError(parsed.message, parsed.suggestion);
    const permission = formatPermission(parsed.permission);
    const installed = app.workers.list().find(({ manifest }) => manifest.id === worker);
    if (installed === undefined) {
      throw new CadreError('not_found', `there is no worker "${worker}"`, { hint: 'cadre worker list' });
    }
    const { expires, for: principal = app.principal } = invocation.options;
    const now = app.clock.now();
    const grant = {
      id: app.clock.newId('grant'),
      principal: String(principal),
      worker,
      versions: `^${installed.manifest.version}`,
      manifestHash: installed.hash,
      permission,
      decision: 'allow' as const,
      grantedBy: app.principal,
      grantedAt: now,
      ...(typeof expires === 'string' ? { expiresAt: now + parseDuration(expires) } : {}),
    };
    await app.grants.put(grant);
    invocation.output.document({ grant });
    invocation.output.line(
      `${worker} may ${permission} in this workspace; take it back: cadre grant revoke ${grant.id}`,
    );
    return EXIT.ok;
  });

export const revokeGrant: CommandHandler = (invocation) =>
  withRecords(invocation, async (records) => {
    const [id = ''] = invocation.arguments;
    if (!(await records.grants.revoke(id))) {
      throw new CadreError('not_found', `there is no grant ${id}`, { hint: 'cadre grant list' });
    }
    invocation.output.document({ revoked: id });
    invocation.output.line(`revoked ${id}`);
    return EXIT.ok;
  });
