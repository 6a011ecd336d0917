// Cursor: Connect services, mostly protobuf in binary frames that are watched but not edited.
// Logging in is polling, so it has a GET among its calls. Must not know the protobuf schemas.
import { connect } from '../dialects/connect.ts';
import type { Provider } from '../provider.ts';

/** Cursor. */
export const cursor: Provider = {
  name: 'cursor',
  // api2 and its regional siblings.
  hosts: ['*.cursor.sh'],
  endpoints: [
    { name: 'chat', method: 'POST', path: /^\/(agent|aiserver)\.v1\.\w*(Chat|Agent)\w*\/\w+$/, dialect: connect, kind: 'model' },
    { name: 'token', path: /^\/(auth\/(poll|exchange_user_api_key|refresh)|oauth\/token)$/, dialect: connect, kind: 'login' },
    { name: 'service', method: 'POST', path: /^\/(agent|aiserver)\.v1\.\w+\/\w+$/, dialect: connect, kind: 'other' },
  ],
  fallback: connect,
  auth: [{ header: 'authorization' }],
  examples: [
    { method: 'POST', url: 'https://api2.cursor.sh/aiserver.v1.ChatService/StreamUnifiedChatWithTools', endpoint: 'chat' },
    { method: 'POST', url: 'https://api2.cursor.sh/agent.v1.AgentService/Run', endpoint: 'chat' },
    { method: 'GET', url: 'https://api2.cursor.sh/auth/poll?uuid=u&verifier=v', endpoint: 'token' },
    { method: 'POST', url: 'https://api2.cursor.sh/aiserver.v1.AnalyticsService/Batch', endpoint: 'service' },
    { method: 'GET', url: 'https://api2.cursor.sh/updates/latest', endpoint: '' },
  ],
};
