// What a runtime is to doctor: how a program on it opens https to the probe's host through the proxy. One file in runtimes/ is one of them.
// Must not know how it is run, nor what is made of its answer.

/** Where the probe goes. Its proxy is in the environment (`HTTPS_PROXY`), for programs that look there. */
export interface ProbeTarget {
  readonly url: string;
  readonly host: string;
  /** `http:` with the credentials if any are needed: never for an argument, which everybody can read. */
  readonly proxy: URL;
}

/** One run of a program, in an empty folder of its own. */
export interface ProbeRun {
  readonly args: readonly string[];
  readonly input?: string;
  /** Beside what the check sets; undefined takes a variable away. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Written into the folder first. */
  readonly file?: { readonly name: string; readonly text: string };
}

/** A runtime or a program that many tools stand on. */
export interface Runtime {
  /** As it is called in a finding. */
  readonly name: string;
  /** What it may be called in PATH, the likeliest first. */
  readonly files: readonly string[];
  readonly probe: (target: ProbeTarget) => ProbeRun;
  /** What shows that it got its answer, where that is not the answer on standard output and exit code 0. */
  readonly provenBy?: (ended: { readonly stdout: string; readonly stderr: string }) => boolean;
  /** What makes it trust the CA where the variables of `run` do not. */
  readonly fix: string;
  readonly timeoutMs?: number;
}
