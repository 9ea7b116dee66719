import type { ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:net';
import { createByteReader } from './byte-reader.ts';
import { heardAnswer } from './heard-answer.ts';
import { ConnectionShape, MOST_ENTRY_BYTES } from './remote-protocol.ts';

/** As many as the proxy here takes. */
const MOST_CONNECTIONS = 256;

/** Leads each connection that a program there wants to make to the proxy here, which asks whether it may. */
export function passConnections(request: (what: string) => ClientHttp2Stream, proxySocket: string): void {
  const told = request('connections');
  told.end();
  let open = 0;
  const hear = async () => {
    const reader = createByteReader(told);
    for (;;) {
      const { connection } = await heardAnswer(reader, ConnectionShape, MOST_ENTRY_BYTES);
      if (open >= MOST_CONNECTIONS) continue;
      open += 1;
      pass(request(`connection/${connection}`), proxySocket, () => {
        open -= 1;
      });
    }
  };
  // Until the program is gone, or the other side says what does not fit: then there is no way out.
  hear().catch(() => told.destroy());
}

function pass(stream: ClientHttp2Stream, proxySocket: string, over: () => void): void {
  const socket = connect({ path: proxySocket, allowHalfOpen: true });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    stream.end();
    // What is not read by then is read by nobody.
    stream.resume();
  });
  stream.on('close', () => {
    socket.destroy();
    over();
  });
  stream.pipe(socket).pipe(stream);
}
