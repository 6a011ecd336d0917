// The proxy of macOS, which Safari, Chrome and native programs follow: one a network service (Wi-Fi, Ethernet, …).
// Must not switch on what a user has switched off.
import { carryOut } from '../../changes/hands.ts';
import type { Machine, Mode, Reachable, SystemSetting, Value } from '../setting.ts';

/** `networksetup`, for every service that is on. */
export const networksetup: SystemSetting = {
  name: 'networksetup',
  unfit: async (_mode, machine) => {
    if (machine.platform !== 'darwin' || machine.hands.find('networksetup') === undefined) return 'this is not macOS';
    return (await services(machine)).length === 0 ? 'no network service is on' : undefined;
  },
  plan: async (mode, machine, proxy) => {
    const names = await services(machine);
    return {
      what: `macOS ${mode === 'pac' ? `takes the PAC file ${proxy.pacUrl}` : `uses the proxy ${proxy.host}:${proxy.port}`} on ${names.join(', ')}`,
      values: names.flatMap((service) => valuesOf(mode, service, proxy)),
      manual: 'in System Settings, Network, Details, Proxies',
    };
  },
};

/** The first line is a heading; a star marks what is off. */
async function services({ hands }: Machine): Promise<readonly string[]> {
  const { code, output } = await carryOut({ argv: ['networksetup', '-listallnetworkservices'] }, hands, () => {});
  const lines = code === 0 ? output.split('\n').slice(1) : [];
  return lines.filter((line) => line !== '' && !line.startsWith('*'));
}

function valuesOf(mode: Mode, service: string, { host, port, pacUrl }: Reachable): readonly Value[] {
  if (mode === 'pac') return [pacValue(service, pacUrl)];
  return ['webproxy', 'securewebproxy'].map((kind) => serverValue(service, kind, host, port));
}

/** Setting one switches it on as well. */
function pacValue(service: string, pacUrl: string): Value {
  const says = (url: string) => `URL: ${url}\nEnabled: Yes`;
  return {
    look: ['networksetup', '-getautoproxyurl', service],
    ours: says(pacUrl),
    set: ['networksetup', '-setautoproxyurl', service, pacUrl],
    back: async (former) => {
      const url = /^URL: (.*)$/m.exec(former)?.[1] ?? '(null)';
      const state = ['networksetup', '-setautoproxystate', service, isOn(former)];
      if (url === '(null)' || url === '') return [{ argv: state, whilePrinting: says(pacUrl) }];
      return [
        { argv: ['networksetup', '-setautoproxyurl', service, url], whilePrinting: says(pacUrl) },
        { argv: state, whilePrinting: says(url) },
      ];
    },
  };
}

function serverValue(service: string, kind: string, host: string, port: number): Value {
  const says = (server: string, at: string) => `Enabled: Yes\nServer: ${server}\nPort: ${at}\nAuthenticated Proxy Enabled: 0`;
  const ours = says(host, String(port));
  return {
    look: ['networksetup', `-get${kind}`, service],
    ours,
    set: ['networksetup', `-set${kind}`, service, host, String(port)],
    back: async (former) => {
      const [server = '', at = ''] = ['Server', 'Port'].map((name) => new RegExp(`^${name}: (.*)$`, 'm').exec(former)?.[1]);
      const state = ['networksetup', `-set${kind}state`, service, isOn(former)];
      if (server === '') return [{ argv: state, whilePrinting: ours }];
      return [
        { argv: ['networksetup', `-set${kind}`, service, server, at], whilePrinting: ours },
        { argv: state, whilePrinting: says(server, at) },
      ];
    },
  };
}

function isOn(output: string): 'on' | 'off' {
  return /^Enabled: Yes$/m.test(output) ? 'on' : 'off';
}
