import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import type { BotState } from './bot.entity';
import { StateNotes } from './state.notes';

const problem = { code: 'telegram_unavailable', detail: 'Telegram did not answer.' };

type Write = ConstructorParameters<typeof StateNotes>[0];

const notesOver = (write: Write): StateNotes => new StateNotes(write, pino({ enabled: false }));

describe('the state of a bot', () => {
  it('is the one told last, though PostgreSQL is slow to note the one before', async () => {
    const seen: BotState[] = [];
    let answer = (): void => undefined;
    const notes = notesOver(async (state) => {
      if (state === 'failed') await new Promise<void>((resolve) => (answer = resolve));
      seen.push(state);
    });
    notes.tell('failed', problem);
    notes.tell('running', null);
    answer();
    await vi.waitFor(() => expect(seen).toEqual(['failed', 'running']));
  });

  it('is told again where operators see another: the note of it was lost', async () => {
    const write = vi
      .fn<Write>()
      .mockRejectedValueOnce(new Error('the connection was lost'))
      .mockResolvedValue();
    const notes = notesOver(write);
    notes.tell('running', null);
    await vi.waitFor(() => {
      notes.heal('failed');
      expect(write).toHaveBeenCalledTimes(2);
    });
    notes.heal('running');
    expect(write.mock.calls).toEqual(Array(2).fill(['running', null]));
  });
});
