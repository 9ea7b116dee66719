import type { Store } from '../ports/store.ts';

/** Any method of a port. */
export type Method = (...given: never[]) => unknown;

/** What stands in for a method. */
export type Wrap = (method: Method, name: string, port: string) => Method;

/** A port with something in the way of each of its methods. */
export function wrapPort<Port extends object>(methods: Port, wrap: Wrap, port = ''): Port {
  const wrapped = Object.entries(methods).map(([name, method]) => [name, wrap(method as Method, name, port)]);
  return Object.fromEntries(wrapped) as Port;
}

/** The same for all ports of a store; what it shares with others, and what is not asked of a port, is left out. */
export function wrapPorts(store: Store, wrap: Wrap): Store {
  const ports = Object.entries(store).filter(([name, port]) => typeof port === 'object' && name !== 'shared');
  const wrapped = ports.map(([name, methods]) => [name, wrapPort(methods as object, wrap, name)]);
  return { ...(Object.fromEntries(wrapped) as Store), close: () => store.close() };
}
