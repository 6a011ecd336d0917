import { expect, it } from 'vitest';
import { carriesPassword, isSecretName, secretValues } from '../../src/secret-name.ts';

it.each([
  'OPENAI_API_KEY',
  'GITHUB_TOKEN',
  'apiKey',
  'PGPASSWORD',
  'MYSQL_PASSWD',
  'CLIENT_SECRET',
  'NPM_AUTH',
  'SENTRY_DSN',
  'DATABASE_URL',
  'AWS_SECRET_ACCESS_KEY',
  'APP_CREDENTIALS',
  'db.password',
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each([
  'HOME',
  'PWD',
  'OLDPWD',
  'GIT_AUTHOR_NAME',
  'SSH_AUTH_SOCK',
  'XAUTHORITY',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'KEYBOARD',
  'SSL_KEY_FILE',
  'EDITOR',
])('%s is not', (name) => {
  expect(isSecretName(name)).toBe(false);
});

it('a URL with a password is a secret under any name', () => {
  expect(carriesPassword('amqp://u:pw@host/x')).toBe(true);
  expect(carriesPassword('redis://:pw@host')).toBe(true);
  expect(carriesPassword('https://host:80/x@y')).toBe(false);
});

it('the secrets of an environment, but for what stands for one', () => {
  const environment = { A_KEY: 'one', B_KEY: 'stand-in', HOME: '/x', BROKER: 'amqp://u:pw@h', GONE_KEY: undefined };
  expect(secretValues(environment, ['stand-in'])).toEqual(['one', 'amqp://u:pw@h']);
  expect(secretValues(environment)).toHaveLength(3);
});
