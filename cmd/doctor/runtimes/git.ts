// git over https, with the roots that http.sslCAInfo or GIT_SSL_CAINFO name.
// Must not ask anybody for a password, and must verify whatever the user's settings say.
import type { Runtime } from '../runtime.ts';

/** git. */
export const git: Runtime = {
  name: 'git',
  files: ['git'],
  probe: ({ url, proxy }) => ({
    args: ['ls-remote', url],
    environment: {
      // Settings of the user's own may name another proxy.
      GIT_CONFIG_COUNT: '3',
      GIT_CONFIG_KEY_0: 'http.proxy',
      GIT_CONFIG_VALUE_0: proxy.href,
      GIT_CONFIG_KEY_1: 'http.sslVerify',
      GIT_CONFIG_VALUE_1: 'true',
      GIT_CONFIG_KEY_2: 'credential.helper',
      GIT_CONFIG_VALUE_2: '',
      GIT_SSL_NO_VERIFY: undefined,
      GIT_TERMINAL_PROMPT: '0',
    },
  }),
  fix: 'GIT_SSL_CAINFO or http.sslCAInfo names a bundle with the CA',
};
