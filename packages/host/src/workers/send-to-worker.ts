import type { Writable } from 'node:stream';
import type { HostMessage } from '@cadre/sdk';

/** Nobody hears it when the process is there no more. */
export function sendToWorker(stdin: Writable, message: HostMessage, bytes?: Uint8Array): void {
  if (!stdin.writable) return;
  stdin.write(`${JSON.stringify(message)}\n`);
  if (bytes !== undefined) stdin.write(bytes);
}
