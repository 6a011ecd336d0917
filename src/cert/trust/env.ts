// No store at all: the variables of `sallyport run` and `sallyport env`, which lead programs to files in the home. Nothing is installed, so
// there is nothing to take back; the default of `run`.
import type { TrustStore } from '../trust-store.ts';

/** The variables. */
export const env: TrustStore = {
  name: 'env',
  title: 'variables of run and env',
  help: () => 'eval "$(sallyport env)"',
  helpOut: () => 'unset what sallyport env names',
  places: () => [
    {
      at: 'the environment',
      check: async () => ({ state: 'current' }),
      plan: async () => ({ manual: env.help('') }),
    },
  ],
};
