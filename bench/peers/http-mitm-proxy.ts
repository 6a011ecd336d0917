// http-mitm-proxy as its README shows it, with keep-alive, in a process of its own. Arguments: work folder, CA file. Prints its port.
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { Proxy as MitmProxy } from 'http-mitm-proxy';
import { resolveToLoopback } from './loopback-names.ts';

const [, , work = '.', ca = ''] = process.argv;
resolveToLoopback();
console.debug = () => {};
console.info = () => {};

const proxy = new MitmProxy();
proxy.onError(() => {});
const httpsAgent = new Agent({ keepAlive: true, ca: readFileSync(ca) });
proxy.listen({ port: 0, host: '127.0.0.1', sslCaDir: join(work, 'http-mitm-proxy'), keepAlive: true, httpsAgent }, () =>
  console.log(proxy.httpPort),
);
