import { describe, expect, it } from 'vitest';
import { buttonData } from '../conversations/incoming';
import { english } from './texts.en';
import { russian } from './texts.ru';

/** https://core.telegram.org/bots/api#botcommand, #sendmessage, #answercallbackquery, #inlinekeyboardbutton */
const TEXT_MAX = 4_096;
const NOTICE_MAX = 200;
const DATA_BYTES_MAX = 64;

describe.each([
  ['English', english],
  ['Russian', russian],
])('the service texts in %s', (_language, { texts, commands }) => {
  const all = Object.entries({ ...texts, ...texts.failures }).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );

  it.each(all)('%s fits a message', (_name, text) => {
    expect(text.trim()).toBe(text);
    expect(text.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThanOrEqual(TEXT_MAX);
  });

  it('fit the notice that a button shows', () => {
    for (const text of [texts.approved, texts.rejected, texts.approvalGone, texts.approvalNotYours])
      expect(text.length).toBeLessThanOrEqual(NOTICE_MAX);
  });

  it('describe commands as Telegram takes them', () => {
    expect(commands.length).toBeLessThanOrEqual(100);
    for (const { command, description } of commands) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description.length).toBeGreaterThan(0);
      expect(description.length).toBeLessThanOrEqual(256);
    }
  });
});

it('both languages have the same texts and commands', () => {
  expect(Object.keys(russian.texts).sort()).toEqual(Object.keys(english.texts).sort());
  expect(Object.keys(russian.texts.failures).sort()).toEqual(Object.keys(english.texts.failures).sort());
  expect(russian.commands.map(({ command }) => command)).toEqual(
    english.commands.map(({ command }) => command),
  );
});

it('what a button says fits, however long the id of the request', () => {
  const longest = `apr_${'x'.repeat(40)}`;
  for (const decision of ['approve', 'reject'] as const)
    expect(Buffer.byteLength(buttonData(decision, longest))).toBeLessThanOrEqual(DATA_BYTES_MAX);
});
