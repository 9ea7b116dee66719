import type { SshAccess, SshPlace } from './ssh-place.ts';

export interface SshFiles {
  readonly knownHosts: string;
  readonly agent: string;
  readonly publicKeys: readonly string[];
}

/** What holds for every connection; of a setting that is given twice ssh takes the first. */
const ALWAYS = [
  ...['BatchMode yes', 'StrictHostKeyChecking yes', 'UpdateHostKeys no', 'CheckHostIP no'],
  ...['UserKnownHostsFile /dev/null', 'GlobalKnownHostsFile /dev/null', 'IdentityAgent none'],
  ...['PreferredAuthentications publickey', 'ForwardAgent no', 'ClearAllForwardings yes'],
  ...['PermitLocalCommand no', 'ControlMaster no', 'ControlPath none', 'ServerAliveInterval 30'],
];

/** The whole configuration for one place; nothing that a person or a system has configured is read beside it. Pure. */
export function sshConfig(
  { host }: SshPlace,
  access: SshAccess,
  files: SshFiles,
  proxyCommand: readonly string[],
): string {
  const identities = files.publicKeys.length === 0 ? ['none'] : files.publicKeys.map(quoted);
  return [
    `Host ${host}`,
    `HostName ${access.hostName}`,
    `Port ${access.port}`,
    `User ${access.user}`,
    ...(access.hostKeyAlias === undefined ? [] : [`HostKeyAlias ${access.hostKeyAlias}`]),
    `UserKnownHostsFile ${quoted(files.knownHosts)}`,
    `IdentityAgent ${quoted(files.agent)}`,
    ...identities.map((file) => `IdentityFile ${file}`),
    `IdentitiesOnly ${access.identitiesOnly ? 'yes' : 'no'}`,
    `ProxyCommand ${proxyCommand.map(shellWord).join(' ')}`,
    'Host *',
    ...ALWAYS,
    '',
  ].join('\n');
}

/** In paths and commands ssh replaces what follows a percent sign. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

function shellWord(text: string): string {
  return `'${text.replaceAll('%', '%%').replaceAll("'", `'\\''`)}'`;
}
