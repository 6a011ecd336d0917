// The places where systems keep their proxy, in the order in which they are written.
// Must not know what is at any of them.
import type { SystemSetting } from './setting.ts';
import { aptConf } from './settings/apt-conf.ts';
import { environmentD } from './settings/environment-d.ts';
import { gsettings } from './settings/gsettings.ts';
import { kde } from './settings/kde.ts';
import { networksetup } from './settings/networksetup.ts';
import { profileD } from './settings/profile-d.ts';

/** All there are. */
export const SYSTEM_SETTINGS: readonly SystemSetting[] = [networksetup, gsettings, kde, environmentD, profileD, aptConf];
