import type { Json } from '../json';

export interface WebhookAnswer {
  status: number;
  /** As Telegram words it in `last_error_message`. */
  error?: string;
  /** Seconds, from the header Retry-After; 0 without it. */
  retry_after: number;
  /** The answer's body when it names a method. */
  reply: Json | null;
}

/** Null where Telegram would find nobody: tests call loopback alone. */
export function findWebhook(url: string, find: (url: URL) => URL): URL | null {
  const place = find(new URL(url));
  return isLoopback(place) ? place : null;
}

export const isLoopback = ({ hostname }: URL): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);

export async function postUpdate(
  url: URL,
  secret_token: string,
  update: Json,
  call: AbortController,
  deadline_ms: number,
): Promise<WebhookAnswer> {
  const deadline = setTimeout(() => call.abort(new Error('Read timeout expired')), deadline_ms);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(secret_token === '' ? {} : { 'x-telegram-bot-api-secret-token': secret_token }),
      },
      body: JSON.stringify(update),
      signal: call.signal,
    });
    const text = await answer.text();
    return {
      status: answer.status,
      ...(answer.ok
        ? {}
        : { error: `Wrong response from the webhook: ${answer.status} ${answer.statusText}` }),
      retry_after: Number(answer.headers.get('retry-after') ?? 0) || 0,
      reply: answer.ok ? replyIn(text) : null,
    };
  } catch (error) {
    return { status: 0, error: reasonOf(error), retry_after: 0, reply: null };
  } finally {
    clearTimeout(deadline);
  }
}

function replyIn(text: string): Json | null {
  try {
    const body = JSON.parse(text) as Json | null;
    return typeof body?.['method'] === 'string' ? body : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code === 'ECONNREFUSED'
    ? 'Connection refused'
    : message === 'fetch failed'
      ? 'Webhook connection closed'
      : message;
}
