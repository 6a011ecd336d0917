// A stand-in for a provider on loopback: one endpoint that answers in a stream and repeats what it was told. Must not leave
// this machine, nor be used for anything but the demo.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { parseAuthority } from '../../src/authority.ts';
import { openCertAuthority } from '../../src/cert/authority.ts';

/** A listening stand-in. */
export interface DemoProvider {
  readonly port: number;
  /** Its own throwaway CA, as a file. */
  readonly caPath: string;
  /** What the last request's user message said when it got here. */
  readonly seen: () => string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 with a certificate for `host`; its CA is made in `folder`. */
export async function openDemoProvider(host: string, folder: string): Promise<DemoProvider> {
  const certs = await openCertAuthority({ home: folder, hosts: [host], now: Date.now });
  const { keyPem, certPem } = await certs.leafFor(parseAuthority(host, 443));
  let seen = '';
  const server = createServer({ key: keyPem, cert: certPem }, (request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen = promptOf(Buffer.concat(chunks).toString('utf8'));
      reply.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of answer(`Understood: ${seen} Anything else?`))
        reply.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      reply.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    caPath: certs.caPath,
    seen: () => seen,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await certs.close();
    },
  };
}

function promptOf(body: string): string {
  const { messages } = JSON.parse(body) as { messages: readonly { readonly content: string }[] };
  return messages.at(-1)?.content ?? '';
}

/** Anthropic's stream, the text in pieces of seven characters, so that nothing arrives whole. */
function answer(text: string): { readonly type: string }[] {
  const pieces = text.match(/[\s\S]{1,7}/g) ?? [];
  const message = {
    id: 'msg_demo',
    type: 'message',
    role: 'assistant',
    model: 'demo',
    content: [],
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  return [
    { type: 'message_start', message } as { type: string },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string },
    ...pieces.map((piece) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: piece } })),
    { type: 'content_block_stop', index: 0 } as { type: string },
    { type: 'message_stop' },
  ];
}
