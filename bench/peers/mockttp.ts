// mockttp as a pass-through proxy, in a process of its own. Arguments: work folder, CA file. Prints its port.
import { generateCACertificate, getLocal } from 'mockttp';
import { resolveToLoopback } from './loopback-names.ts';

const ca = process.argv[3] ?? '';
resolveToLoopback();

const server = getLocal({ https: await generateCACertificate(), http2: 'fallback', recordTraffic: false, suggestChanges: false });
await server.forAnyRequest().thenPassThrough({ additionalTrustedCAs: [{ certPath: ca }] });
await server.start();
console.log(server.port);
