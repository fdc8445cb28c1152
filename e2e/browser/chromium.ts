import { findProgram } from '@roost/devstack';

/** Where Chromium is. Null, after saying so, where there is none; throws instead where it is required. */
export function findChromium(): string | null {
  const found = findProgram('chromium', 'chromium-browser', 'google-chrome');
  if (found) return found;
  const reason = 'Chromium is missing; install the Debian package chromium';
  if (process.env['CI'] || process.env['ROOST_REQUIRE_ENGINE'] === '1') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return null;
}

/** Headless, as any user including root, and silent: it calls nobody. */
export const quietHeadless = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
