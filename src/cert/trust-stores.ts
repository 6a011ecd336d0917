// All trust stores there are, in the order in which they are installed: a system's own first, since others may read it.
// A new one is a file in trust/ and a line here.
import { alpine } from './trust/alpine.ts';
import { arch } from './trust/arch.ts';
import { chromium } from './trust/chromium.ts';
import { debian } from './trust/debian.ts';
import { env } from './trust/env.ts';
import { fedora } from './trust/fedora.ts';
import { firefox } from './trust/firefox.ts';
import { java } from './trust/java.ts';
import { macos } from './trust/macos.ts';
import { opensuse } from './trust/opensuse.ts';
import { windows } from './trust/windows.ts';
import type { TrustStore } from './trust-store.ts';

/** Every trust store, each once. */
export const TRUST_STORES: readonly TrustStore[] = [debian, fedora, arch, opensuse, alpine, macos, windows, chromium, firefox, java, env];
