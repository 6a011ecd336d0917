// The settings as rows of text with their origins, for doctor and the control socket. Must not show a secret: such values
// are only said to be set.
import type { Config, LoadedConfig } from '../src/config.ts';
import { type ConfigKey, KEYS, type KeyRow } from '../src/config-keys.ts';
import { hostPort } from '../src/host-port.ts';
import type { ConfigRow } from '../src/proxy/control/messages.ts';

/** One row a key, maps one row a member. */
export function configRows({ config, origins }: LoadedConfig): readonly ConfigRow[] {
  return (Object.entries(KEYS) as [ConfigKey, KeyRow][]).flatMap(([key, row]) => {
    const names = row.kind === 'map' ? Object.keys(config[key] as object).map((member) => `${key}.${member}`) : [key];
    return names.map((name) => ({ key: name, value: shown(config, key, name, row), origin: origins[name] ?? 'default' }));
  });
}

function shown(config: Config, key: ConfigKey, name: string, row: KeyRow): string {
  if (config[key] === undefined) return '';
  if (row.secret) return '[set]';
  switch (key) {
    case 'listen':
      return hostPort(config.listen);
    case 'metrics':
      return hostPort(config.metrics!.listen);
    case 'traces':
      return config.traces!.endpoint;
    case 'connect_to':
      return config.connect_to
        .map((c) => `${c.pattern}=${c.port === undefined ? c.host : hostPort({ host: c.host, port: c.port })}`)
        .join(', ');
    case 'inject':
      return config.inject.map((i) => `${i.header} for ${i.host}`).join(', ');
    case 'rules':
      return config.rules.map(({ id, action }) => `${id}: ${action}`).join(', ');
    case 'known_values':
      return config.known_values.files.join(', ');
    case 'allow_uids':
      return config.allow_uids.join(', ') || 'none';
    case 'guardrails':
    case 'prices':
      return JSON.stringify(config[key]);
    case 'mask':
    case 'restore_to':
    case 'audit':
    case 'resilience':
      return text((config[key] as Record<string, unknown>)[name.slice(key.length + 1)]);
    default:
      return [config[key]].flat().join(', ');
  }
}

function text(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
