/** Why a socket was closed by the service (WebSocket close codes of the private range, and 1012). */
export const closeCodes = {
  unauthorized: { code: 4401, reason: 'no credential, or one that is not valid here' },
  agent_not_found: { code: 4404, reason: 'no such agent' },
  too_slow: { code: 4408, reason: 'too slow: frames piled up unread' },
  too_many: { code: 4429, reason: 'too many connections or messages' },
  restarting: { code: 1012, reason: 'restarting: reconnect with jitter' },
} as const;
export type CloseReason = keyof typeof closeCodes;
