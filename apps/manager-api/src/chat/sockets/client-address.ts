import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

/** Parses `TRUST_PROXY`: whose `X-Forwarded-For` counts. Express takes the same value. */
export function trustProxy(setting: string): boolean | number | string[] {
  if (setting === 'false') return false;
  if (setting === 'true') return true;
  if (/^\d+$/.test(setting)) return Number(setting);
  return setting.split(',').map((entry) => entry.trim());
}

/** The client's address, as Express would see it. */
export function clientAddress(request: IncomingMessage, setting: string): string {
  const trusted = trustProxy(setting);
  if (trusted === false) return request.socket.remoteAddress ?? '';
  if (trusted === true) return proxyAddr(request, () => true);
  if (typeof trusted === 'number') return proxyAddr(request, (_address, index) => index < trusted);
  return proxyAddr(request, trusted);
}
