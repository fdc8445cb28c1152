import type { Integration } from '@roost/contracts';

/** Tokens to store, by the integration's type; null removes one. Those it does not name stay as they are. */
export type IntegrationTokensChange = Readonly<Record<string, string | null>>;

type WithToken = Integration & { bot_token?: string };

/** A configuration in which a token that is to be removed is absent, so that it fits; and which those are. */
export function withoutRemovedTokens(body: object): { body: object; removed: IntegrationTokensChange } {
  const { integrations } = body as { integrations?: unknown };
  if (!Array.isArray(integrations)) return { body, removed: {} };
  const removed: Record<string, null> = {};
  const kept = integrations.map((integration: unknown) => {
    if (!removesToken(integration)) return integration;
    const { bot_token: _bot_token, ...rest } = integration;
    if (typeof rest.type === 'string') removed[rest.type] = null;
    return rest;
  });
  return { body: { ...body, integrations: kept }, removed };
}

/** The integrations as they are stored, and the tokens that were among them. */
export function takeTokens(integrations: WithToken[]): {
  integrations: Integration[];
  tokens: IntegrationTokensChange;
} {
  const tokens: Record<string, string> = {};
  const open = integrations.map(({ bot_token, ...integration }) => {
    if (bot_token !== undefined) tokens[integration.type] = bot_token;
    return integration;
  });
  return { integrations: open, tokens };
}

/** The stored tokens after a change, each sealed by `seal`; an integration that is gone takes its token along. */
export function changedTokens(
  stored: Readonly<Record<string, string>>,
  change: IntegrationTokensChange,
  integrations: Integration[],
  seal: (type: string, token: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    integrations.flatMap(({ type }) => {
      const token = change[type];
      if (token === null) return [];
      const sealed = token === undefined ? stored[type] : seal(type, token);
      return sealed === undefined ? [] : [[type, sealed] as const];
    }),
  );
}

/** What a sealed token is bound to, so that it cannot pass for another one. */
export const tokenPlace = (agent_id: string, type: string): string => `${agent_id}/integrations/${type}`;

const removesToken = (value: unknown): value is { bot_token: null; type?: unknown } =>
  typeof value === 'object' && value !== null && (value as { bot_token?: unknown }).bot_token === null;
