import { asciiText, exactText } from './exact-text.ts';
import { serverOfLogin } from './login-secret.ts';
import { splitSecret } from './secret-scope.ts';

/** How the scope of a type is written and compared. */
export type ScopeKind = 'path' | 'host' | 'program' | 'name' | 'secret' | 'whole';

interface PermissionTypeInfo {
  readonly scope: ScopeKind;
  /** What the worker wants to do, after `WORKER wants to …`. */
  readonly says: (scope: string) => string;
}

const path = (scope: string) => (scope === '.' ? 'the workspace' : exactText(scope));
const anyOr = (any: string, one: string) => (scope: string) =>
  scope === '*' ? any : `${one} ${exactText(scope)}`;

function host(scope: string): string {
  if (scope === '*' || scope === '*:*') return 'connect to any host';
  const [, name] = /^(.*):\*$/.exec(scope) ?? [];
  return name === undefined ? `connect to ${exactText(scope)}` : `connect to ${exactText(name)}, on any port`;
}

/** The keys of the agent are no secret that a worker could get to know, which people should see before they decide. */
function secret(scope: string): string {
  const { name, host } = splitSecret(scope);
  if (host !== undefined) {
    const server = serverOfLogin(name);
    if (server !== undefined)
      return `sign in at ${exactText(host)} with your login for ${exactText(server)}, without seeing it`;
    const at = `put into requests to ${exactText(host)}, without seeing it`;
    return name === '*' ? `have every secret ${at}` : `have the secret ${exactText(name)} ${at}`;
  }
  return scope === 'ssh-agent'
    ? 'sign in at hosts with the keys in your ssh agent, without seeing them'
    : anyOr('use every secret and the keys in your ssh agent', 'use the secret')(scope);
}

/** Every permission type (WRK-14) with its plain sentence. Types are matched longest first. */
export const PERMISSION_TYPES = {
  'fs:read': { scope: 'path', says: (scope) => `read files in ${path(scope)}` },
  'fs:write': { scope: 'path', says: (scope) => `read and change files in ${path(scope)}` },
  net: { scope: 'host', says: host },
  shell: {
    scope: 'program',
    says: (scope) => (scope === '*' ? 'run any program' : `run the program ${asciiText(scope)}`),
  },
  browser: { scope: 'name', says: anyOr('open any page in a browser', 'open in a browser') },
  env: { scope: 'name', says: anyOr('read every environment variable', 'read the environment variable') },
  secret: { scope: 'secret', says: secret },
  clipboard: { scope: 'whole', says: () => 'read and change the clipboard' },
  screen: { scope: 'whole', says: () => 'see the screen' },
  input: { scope: 'whole', says: () => 'control mouse and keyboard' },
  camera: { scope: 'whole', says: () => 'use the camera' },
  microphone: { scope: 'whole', says: () => 'use the microphone' },
  location: { scope: 'whole', says: () => 'know where this device is' },
  notify: { scope: 'name', says: anyOr('notify people', 'notify people through') },
  model: { scope: 'name', says: anyOr('use any language model', 'use the language model') },
  device: { scope: 'name', says: anyOr('use any device', 'use the device') },
  process: { scope: 'name', says: anyOr('see and end any process', 'see and end the process') },
  container: { scope: 'name', says: anyOr('run any container', 'run the container') },
  trigger: { scope: 'name', says: anyOr('start any workflow', 'start the workflow') },
  elevated: { scope: 'whole', says: () => 'act as the administrator of this machine' },
} as const satisfies Record<string, PermissionTypeInfo>;

export type PermissionType = keyof typeof PERMISSION_TYPES;
