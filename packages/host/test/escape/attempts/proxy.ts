import { expect } from 'vitest';
import type { Attempt, Family } from '../attempt.ts';

const NOT_GRANTED = 'the proxy puts each connection to the gate, which refuses what was not granted';
const CLOSED =
  'a name that was granted by a pattern is good for the open network alone, whatever it resolves to';

const tunnelled = (name: string, target: string, permission: string, stopped = NOT_GRANTED): Attempt => ({
  name,
  as: 'armed',
  input: () => ({ way: 'tunnel', target }),
  stopped,
  seen: { operation: 'connect', permission },
});

const fetched = (name: string, path: string, rest: Partial<Attempt>): Attempt => ({
  name,
  as: 'armed',
  input: ({ web }) => ({ way: 'fetch', url: `http://127.0.0.1:${web}${path}` }),
  stopped: 'every redirect is asked for again',
  ...rest,
});

export const proxy: Family = {
  title: 'the way out by the proxy and by requests that Cadre makes',
  attempts: [
    tunnelled('reach a host that was not granted', 'evil.example.test:443', 'net:evil.example.test:443'),
    tunnelled(
      'reach the service that tells machines of a cloud their keys',
      '169.254.169.254:80',
      'net:169.254.169.254:80',
    ),
    tunnelled('reach this machine by an address in one number', '2130706433:80', 'net:127.0.0.1:80'),
    tunnelled('reach this machine by an address in octal numbers', '0177.0.0.1:80', 'net:127.0.0.1:80'),
    tunnelled('reach this machine by a short address', '127.1:80', 'net:127.0.0.1:80'),
    tunnelled('reach another port of a host that was granted with one', '127.0.0.1:22', 'net:127.0.0.1:22'),
    tunnelled(
      'reach this machine by a name that was granted by a pattern and resolves to it',
      'localhost:80',
      'net:localhost:80',
      CLOSED,
    ),
    tunnelled(
      'reach this machine by an IPv4 address in an IPv6 one',
      '[::ffff:127.0.0.1]:80',
      'net:[::ffff:7f00:1]:80',
      CLOSED,
    ),
    tunnelled('reach a private network by IPv6', '[fd00:ec2::254]:80', 'net:[fd00:ec2::254]:80', CLOSED),
    tunnelled('reach a neighbour by a local address', '[fe80::1]:80', 'net:[fe80::1]:80', CLOSED),
    {
      name: 'use the ssh agent without having asked for a place',
      as: 'armed',
      input: () => ({ way: 'tunnel', target: 'ssh-agent:0' }),
      stopped: 'it is there for a place that was granted, and for that call',
      seen: { operation: 'agent' },
    },
    {
      name: 'speak to another host by TLS than the connection was made to',
      as: 'armed',
      input: ({ web }) => ({ way: 'front', target: `127.0.0.1:${web}`, name: 'evil.example.test' }),
      stopped: 'the name in the greeting of TLS is asked for as well',
      seen: { operation: 'connect', target: expect.stringContaining('evil.example.test') as never },
    },
    {
      name: 'name no host at all',
      as: 'armed',
      input: () => ({ way: 'tunnel', target: '/etc/passwd' }),
      stopped: 'the proxy refuses it',
      seen: { operation: 'violation', rule: 'it is no host and port' },
    },
    {
      name: 'reach a host that was not granted by a plain request',
      as: 'armed',
      input: () => ({ way: 'forward', url: 'http://evil.example.test/', host: 'evil.example.test' }),
      stopped: NOT_GRANTED,
      seen: { operation: 'connect', permission: 'net:evil.example.test:80' },
    },
    {
      name: 'fetch a file of the host',
      as: 'armed',
      input: () => ({ way: 'forward', url: 'file:///etc/passwd', host: 'x' }),
      stopped: 'the proxy refuses it',
      seen: { operation: 'violation', rule: 'it is no http address' },
    },
    {
      name: 'open so many connections that the host has no descriptors left',
      as: 'armed',
      input: () => ({ way: 'flood', connections: 400 }),
      stopped: 'there are 256 at once for each process',
      seen: { operation: 'violation', rule: '256 connections at once' },
    },
    fetched('be led from a granted host to the keys of the cloud', '/metadata', {
      seen: { operation: 'fetch', permission: 'net:169.254.169.254:80' },
    }),
    fetched('be led from a granted host to this machine by IPv6', '/loopback6', {
      seen: { operation: 'fetch', permission: 'net:[::1]:1' },
    }),
    fetched('be led from a granted host to one that was not', '/name', {
      seen: { operation: 'fetch', permission: 'net:evil.example.test:80' },
    }),
    fetched('be led from a granted host to a file', '/file', {
      stopped: 'only http and https are followed',
      seen: { operation: 'fetch', decision: 'allowed', outcome: 'provider_failed' },
    }),
    {
      name: 'fetch from a host whose name only looks like the granted one',
      as: 'armed',
      input: ({ web }) => ({ way: 'fetch', url: `http://127.0.0.1:${web}@evil.example.test/` }),
      stopped: 'the address is read once, by the rules of browsers',
      seen: { operation: 'fetch', permission: 'net:evil.example.test:80' },
    },
    {
      name: 'put a second request into a header',
      as: 'armed',
      input: ({ web }) => ({
        way: 'fetch',
        url: `http://127.0.0.1:${web}/`,
        options: { headers: { 'x-a': 'b\r\n\r\nGET /secret HTTP/1.1\r\nhost: x' } },
      }),
      stopped: 'a header has no line breaks',
      seen: { operation: 'fetch', decision: 'allowed', outcome: 'provider_failed' },
    },
    {
      name: 'be given a secret that was granted to nobody',
      as: 'armed',
      input: () => ({ way: 'secret', name: 'TOKEN' }),
      stopped: 'the gate refuses it',
      seen: { operation: 'secret', permission: 'secret:TOKEN' },
    },
    {
      name: 'ask for every secret by a pattern',
      as: 'armed',
      input: () => ({ way: 'secret', name: 'T*' }),
      stopped: 'a wish names one thing',
      seen: { operation: 'secret', rule: 'invalid' },
    },
  ],
};
