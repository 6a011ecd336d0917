// Go, by its own compiler: programs made with it read SSL_CERT_FILE on Linux and the system's store elsewhere.
// Must not fetch a toolchain or a module.
import type { Runtime } from '../runtime.ts';

const PROGRAM = `package main

import (
  "io"
  "net/http"
  "os"
)

func main() {
  reply, err := http.Get(os.Args[1])
  if err != nil {
    os.Stderr.WriteString(err.Error())
    os.Exit(1)
  }
  io.Copy(os.Stdout, reply.Body)
}
`;

/** Go. */
export const go: Runtime = {
  name: 'go',
  files: ['go'],
  probe: ({ url }) => ({
    args: ['run', 'probe.go', url],
    file: { name: 'probe.go', text: PROGRAM },
    environment: { GO111MODULE: 'off', GOFLAGS: undefined, GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off' },
  }),
  fix: 'SSL_CERT_FILE names a bundle with the CA; on macOS and Windows only the system’s store counts',
  // The first build of net/http.
  timeoutMs: 60_000,
};
