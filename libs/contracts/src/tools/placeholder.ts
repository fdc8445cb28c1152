/**
 * `{order_id}` in a template stands for the argument of that name, `{user.phone_number}` for what a trusted party
 * said of the user, `{secret.shop_token}` for a secret of the agent. Groups: where from (absent: the arguments), name.
 */
export const TOOL_PLACEHOLDER = /\{(?:(user|secret)\.)?([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Where a placeholder's value comes from. */
export type PlaceholderSource = 'argument' | 'user' | 'secret';

/** Every placeholder in a template, or in all texts of a value made of JSON. */
export function placeholdersIn(
  template: unknown,
): { source: PlaceholderSource; name: string; text: string }[] {
  const texts = typeof template === 'string' ? template : JSON.stringify(template);
  return [...texts.matchAll(TOOL_PLACEHOLDER)].map(([text, source, name = '']) => ({
    source: (source as 'user' | 'secret' | undefined) ?? 'argument',
    name,
    text,
  }));
}

/** What a secret of an agent may be called. */
export const SECRET_NAME_PATTERN = /^[a-z][a-z0-9_]{0,63}$/;
/** Secrets an agent may have. */
export const SECRETS_MAX = 50;
/** Bytes of a secret, in UTF-8. Shorter ones could not be masked in answers without giving them away. */
export const SECRET_BYTES = { min: 8, max: 8 * 1024 } as const;
