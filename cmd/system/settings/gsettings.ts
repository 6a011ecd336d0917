// The proxy of GNOME and of what follows it: Chromium, GTK programs, Cinnamon, Budgie, MATE.
// Must not touch the hosts that a user has told it to leave alone.
import { carryOut } from '../../changes/hands.ts';
import type { Machine, SystemSetting, Value } from '../setting.ts';

const SCHEMA = 'org.gnome.system.proxy';

/** `gsettings`, schema org.gnome.system.proxy. */
export const gsettings: SystemSetting = {
  name: 'gsettings',
  unfit: async (_mode, { hands, platform, environment }) => {
    if (platform === 'win32' || platform === 'darwin' || hands.find('gsettings') === undefined) return 'there is no gsettings here';
    // Without a session what is set is lost, and gsettings does not say so.
    if (!environment.DBUS_SESSION_BUS_ADDRESS) return 'this is not a desktop session (DBUS_SESSION_BUS_ADDRESS is not set)';
    const { code, output } = await carryOut({ argv: ['gsettings', 'writable', SCHEMA, 'mode'] }, hands, () => {});
    if (code !== 0) return 'GNOME’s proxy settings are not installed';
    return output.trim() === 'true' ? undefined : 'an administrator has locked it';
  },
  plan: async (mode, machine, { host, port, pacUrl }) => {
    const of = (schema: string, key: string, ours: string) => value(machine, schema, key, ours);
    const servers = ['http', 'https'].flatMap((scheme) => [
      of(`${SCHEMA}.${scheme}`, 'host', `'${host}'`),
      of(`${SCHEMA}.${scheme}`, 'port', String(port)),
    ]);
    // The mode last: until then nothing has changed for anybody.
    const values =
      mode === 'pac'
        ? [of(SCHEMA, 'autoconfig-url', `'${pacUrl}'`), of(SCHEMA, 'mode', `'auto'`)]
        : [...servers, of(SCHEMA, 'mode', `'manual'`)];
    return {
      what: mode === 'pac' ? `GNOME takes the PAC file ${pacUrl}` : `GNOME uses the proxy ${host}:${port}`,
      values,
      manual: values.map(({ set }) => set.join(' ')).join('; '),
    };
  },
};

function value({ hands }: Machine, schema: string, key: string, ours: string): Value {
  return {
    look: ['gsettings', 'get', schema, key],
    ours,
    set: ['gsettings', 'set', schema, key, ours],
    back: async (former) => {
      // The backend in memory has nothing set, so it tells what holds where a user has set nothing.
      const unset = { argv: ['gsettings', 'get', schema, key], env: { GSETTINGS_BACKEND: 'memory' } };
      const { code, output } = await carryOut(unset, hands, () => {});
      const isUnset = code === 0 && output.trim() === former;
      return [{ argv: isUnset ? ['gsettings', 'reset', schema, key] : ['gsettings', 'set', schema, key, former], whilePrinting: ours }];
    },
  };
}
