// How Node is set for a process of ours: what cmd/sallyport gives in a checkout, for those that are started from JavaScript.
// Must not import anything: the installed bin reads it on any Node.

/**
 * A small young generation: bodies live outside the heap, and a daemon that stays should stay small. What of Node we use that is
 * young has another way beside it. What holds keys takes no debugger by signal; under `run` it is a signal to pass on.
 */
export function nodeOptions(passesSignals = false): readonly string[] {
  const common = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
  return passesSignals ? common : ['--disable-sigusr1', ...common];
}
