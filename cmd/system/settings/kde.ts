// The proxy of KDE Plasma and of programs that follow it (kioslaverc). They take it up when they start.
// Must not write the file itself: KDE's own program does.
import type { Machine, SystemSetting, Value } from '../setting.ts';

/** `kwriteconfig6` or `kwriteconfig5`. */
export const kde: SystemSetting = {
  name: 'kde',
  unfit: async (_mode, machine) => (versionOf(machine) === undefined ? 'there is no KDE Plasma here' : undefined),
  plan: async (mode, machine, { host, port, pacUrl }) => {
    const of = (key: string, ours: string) => value(versionOf(machine)!, key, ours);
    const server = `http://${host.includes(':') ? `[${host}]` : host} ${port}`;
    // 1: as given, 2: by a PAC file.
    const values =
      mode === 'pac'
        ? [of('Proxy Config Script', pacUrl), of('ProxyType', '2')]
        : [of('httpProxy', server), of('httpsProxy', server), of('ProxyType', '1')];
    return {
      what: mode === 'pac' ? `KDE takes the PAC file ${pacUrl}` : `KDE uses the proxy ${host}:${port}`,
      values,
      manual: `in System Settings, Proxy: ${mode === 'pac' ? pacUrl : server}`,
    };
  },
};

/** Both programs are needed: one to write, one to know what was there. */
function versionOf({ hands }: Machine): '6' | '5' | undefined {
  return (['6', '5'] as const).find((v) => hands.find(`kwriteconfig${v}`) !== undefined && hands.find(`kreadconfig${v}`) !== undefined);
}

function value(version: string, key: string, ours: string): Value {
  const at = ['--file', 'kioslaverc', '--group', 'Proxy Settings', '--key', key];
  const write = [`kwriteconfig${version}`, ...at];
  return {
    look: [`kreadconfig${version}`, ...at],
    ours,
    set: [...write, ours],
    // An empty value and none read the same, and mean the same.
    back: async (former) => [{ argv: [...write, former === '' ? '--delete' : former], whilePrinting: ours }],
  };
}
