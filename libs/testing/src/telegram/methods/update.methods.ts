import { badRequest, conflict } from '../telegram.refusal';
import type { TelegramBot } from '../telegram.bot';
import { isLoopback } from '../delivery/webhook.request';
import type { Method, MethodCall } from './method';

const MOST_UPDATES = 100;

export const getUpdates: Method = ({ bot, params, gone }) => {
  if (bot.webhook.settings)
    throw conflict(
      "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
  keepAllowedUpdates(bot, params);
  const limit = params.integer('limit') || MOST_UPDATES;
  return bot.poll.updates({
    offset: params.integer('offset'),
    limit: Math.min(Math.max(limit, 1), MOST_UPDATES),
    timeout: params.integer('timeout'),
    gone,
  });
};

export const setWebhook: Method = ({ bot, params }) => {
  const url = params.string('url');
  const secret_token = params.string('secret_token');
  if (secret_token.length > 256) throw badRequest('secret token is too long');
  if (!/^[\w-]*$/.test(secret_token)) throw badRequest('secret token contains unallowed characters');
  if (url !== '') checkUrl(url);
  keepAllowedUpdates(bot, params);
  if (params.boolean('drop_pending_updates')) bot.queue.clear();
  bot.poll.end(conflict('terminated by setWebhook request'));
  const max_connections = Math.min(Math.max(params.integer('max_connections') || 40, 1), 100);
  const has_custom_certificate = params.has('certificate');
  bot.webhook.set(url === '' ? null : { url, secret_token, max_connections, has_custom_certificate });
  return true;
};

export const deleteWebhook: Method = ({ bot, params }) => {
  if (params.boolean('drop_pending_updates')) bot.queue.clear();
  bot.webhook.set(null);
  return true;
};

export const getWebhookInfo: Method = ({ bot }) => {
  const { settings, last_error } = bot.webhook;
  return {
    url: settings?.url ?? '',
    has_custom_certificate: settings?.has_custom_certificate ?? false,
    pending_update_count: bot.pending,
    ...(settings ? { max_connections: settings.max_connections, ip_address: '127.0.0.1' } : {}),
    ...(last_error ? { last_error_date: last_error.date, last_error_message: last_error.message } : {}),
    ...(bot.allowed_updates?.length ? { allowed_updates: bot.allowed_updates } : {}),
  };
};

/** Loopback may go without TLS and on any port: Telegram never calls it, a test does. */
function checkUrl(url: string): void {
  if (!URL.canParse(url)) throw badRequest('bad webhook: invalid webhook URL specified');
  const parsed = new URL(url);
  if (isLoopback(parsed)) return;
  if (parsed.protocol !== 'https:')
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  if (!['', '80', '88', '443', '8443'].includes(parsed.port))
    throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
}

function keepAllowedUpdates(bot: TelegramBot, params: MethodCall['params']): void {
  const allowed = params.list('allowed_updates');
  if (allowed) bot.allowed_updates = allowed.map(String);
}
