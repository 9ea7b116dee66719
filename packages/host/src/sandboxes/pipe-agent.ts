import type { Duplex } from 'node:stream';
import { isLogin } from './is-login.ts';

/** Numbers of the ssh agent protocol (draft-miller-ssh-agent, 5.1). */
const FAILURE = 5;
const REQUEST_IDENTITIES = 11;
const SIGN_REQUEST = 13;
const EXTENSION = 27;

/** As much as OpenSSH's own agent takes. */
const MOST_BYTES = 256 * 1024;
/** It says to which host a connection goes, and so only narrows what a key may be used for. */
const BINDING = 'session-bind@openssh.com';

/**
 * Lets an ssh agent answer a program that is not trusted: it may list the public halves of keys and have logins signed.
 * It may not add, remove or lock keys, nor have anything else signed, such as a commit. Resolves when one side has gone.
 */
export async function pipeAgent(client: Duplex, agent: Duplex): Promise<void> {
  const replies = messages(agent);
  for await (const request of messages(client)) {
    if (!isHarmless(request)) {
      client.write(framed(Buffer.of(FAILURE)));
      continue;
    }
    agent.write(framed(request));
    // One after the other, so that a refusal cannot overtake an answer.
    const reply = await replies.next();
    if (reply.done) return;
    client.write(framed(reply.value));
  }
}

function isHarmless(request: Buffer): boolean {
  switch (request[0]) {
    case REQUEST_IDENTITIES:
      return request.length === 1;
    case SIGN_REQUEST:
      return isLogin(request.subarray(1));
    case EXTENSION: {
      const name = Buffer.from(BINDING);
      return request.subarray(5, 5 + name.length).equals(name) && request.readUInt32BE(1) === name.length;
    }
    default:
      return false;
  }
}

/** Messages without their length; ends at an impossible one, or with the stream. */
async function* messages(stream: Duplex): AsyncGenerator<Buffer, undefined> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4) {
      const length = held.readUInt32BE(0);
      if (length === 0 || length > MOST_BYTES) return;
      if (held.length < 4 + length) break;
      yield held.subarray(4, 4 + length);
      held = held.subarray(4 + length);
    }
  }
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}
