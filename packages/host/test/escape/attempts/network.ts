import type { Family } from '../attempt.ts';

const NONE = 'the box has no network, only a loopback of its own';

export const network: Family = {
  title: 'the network and sockets of the host',
  attempts: [
    {
      name: 'reach a listener of the host on its loopback',
      as: 'armed',
      input: ({ port }) => ({ way: 'connect', host: '127.0.0.1', port }),
      stopped: NONE,
    },
    {
      name: 'reach a listener of the host on its loopback',
      as: 'alone',
      input: ({ port }) => ({ way: 'connect', host: '127.0.0.1', port }),
      stopped: NONE,
    },
    {
      name: 'reach a listener of the host by IPv6',
      as: 'armed',
      input: ({ port6 }) => ({ way: 'connect', host: '::1', port: port6 }),
      stopped: NONE,
    },
    {
      name: 'reach a listener of the host by an IPv4 address in an IPv6 one',
      as: 'armed',
      input: ({ port }) => ({ way: 'connect', host: '::ffff:127.0.0.1', port }),
      stopped: NONE,
    },
    {
      name: 'reach a listener of the host by the address of the machine',
      as: 'armed',
      input: ({ address, port }) => ({ way: 'connect', host: address, port }),
      stopped: NONE,
    },
    {
      name: 'reach an abstract socket of the host',
      as: 'armed',
      input: ({ abstract }) => ({ way: 'connect', path: `\0${abstract}` }),
      stopped: NONE,
    },
    {
      name: 'reach a socket of the host by its path',
      as: 'armed',
      input: ({ outside }) => ({ way: 'connect', path: `${outside}/listener.sock` }),
      stopped: 'it is not there: of the machine the box shows what was granted',
    },
    {
      name: 'reach the socket of a container engine, which is root of the host',
      as: 'armed',
      input: () => ({ way: 'connect', path: '/var/run/docker.sock' }),
      stopped: 'it is not there: of the machine the box shows what was granted',
    },
    {
      name: 'reach the service that tells machines of a cloud their keys',
      as: 'armed',
      input: () => ({ way: 'connect', host: '169.254.169.254', port: 80 }),
      stopped: NONE,
    },
    {
      name: 'reach the same service by IPv6',
      as: 'armed',
      input: () => ({ way: 'connect', host: 'fd00:ec2::254', port: 80 }),
      stopped: NONE,
    },
    {
      name: 'send a datagram to a name server',
      as: 'armed',
      input: () => ({ way: 'send', host: '192.0.2.53', port: 53 }),
      stopped: NONE,
    },
    {
      name: 'send a datagram by IPv6',
      as: 'alone',
      input: () => ({ way: 'send', host: '2001:db8::53', port: 53 }),
      stopped: NONE,
    },
    {
      name: 'tell somebody something by asking for a name',
      as: 'armed',
      input: () => ({ way: 'resolve', name: 'told.example.test' }),
      stopped: `${NONE}: names are looked up by the host, for what was granted`,
    },
    {
      name: 'tell a name server of its own something by asking it',
      as: 'alone',
      input: () => ({ way: 'ask', name: 'told.example.test', server: '192.0.2.53' }),
      stopped: NONE,
    },
    {
      name: 'see a network card of the host',
      as: 'armed',
      input: () => ({ way: 'interfaces' }),
      stopped: NONE,
    },
    {
      name: 'open a socket for raw packets',
      as: 'armed',
      input: () => ({ way: 'socket', family: '17', type: '3' }),
      stopped: 'the filter of system calls knows families of sockets that programs need, and no others',
    },
    {
      name: 'open a socket to a virtual machine around it',
      as: 'armed',
      input: () => ({ way: 'socket', family: '40', type: '1' }),
      stopped: 'the filter of system calls knows families of sockets that programs need, and no others',
    },
    {
      name: 'open a socket to the cryptography of the kernel',
      as: 'armed',
      input: () => ({ way: 'socket', family: '38', type: '5' }),
      stopped: 'the filter of system calls knows families of sockets that programs need, and no others',
    },
  ],
};
