import { TOOL_PLACEHOLDER } from '@roost/contracts';

/** Scheme, host and port of a URL with placeholders; null for a text that is no URL. */
export function originOf(template: string): string | null {
  const url = template.replace(TOOL_PLACEHOLDER, 'x');
  return URL.canParse(url) ? new URL(url).origin : null;
}
