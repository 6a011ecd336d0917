#!/usr/bin/env node
// The bin of the installed package: hands over to sallyport.js with the options of Node that cmd/sallyport gives in a checkout.
// Must not import more than the look at the Node it runs on, and must stay readable to an old one, which is told what is missing.
import { delimiter, dirname, join, resolve } from 'node:path';
import './baseline.ts';
import { nodeOptions } from './node-options.ts';

const [, called = 'sallyport', ...words] = process.argv;
const environment = { ...process.env, SALLYPORT_SELF: asTyped(called) };
const bin = join(import.meta.dirname, 'sallyport.js');

if (process.platform === 'win32' || process.execve === undefined) {
  process.env.SALLYPORT_SELF = environment.SALLYPORT_SELF;
  await import('./sallyport.ts');
} else {
  const node = [process.execPath, ...nodeOptions(words[0] === 'run'), bin, ...words];
  // A daemon in the foreground holds keys: no core dumps. A command under run keeps its limits.
  if (words[0] === 'start') process.execve('/bin/sh', ['sh', '-c', 'ulimit -c 0; exec "$0" "$@"', ...node], environment);
  process.execve(process.execPath, node, environment);
}

/** The bare name where PATH leads to it, so that hints can be typed as they stand. */
function asTyped(path: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => resolve(folder));
  return folders.includes(dirname(resolve(path))) ? 'sallyport' : path;
}
