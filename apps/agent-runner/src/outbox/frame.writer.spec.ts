import type { LoggedFrame } from '@roost/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FrameWriter, JOIN_MS, WAITING_MAX } from './frame.writer';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A log whose appends end when the test says so. */
function slowLog() {
  const appends: { frames: LoggedFrame[]; end: () => void; fail: () => void }[] = [];
  const onFailure = vi.fn();
  const writer = new FrameWriter({
    message_id: 'msg_1',
    run_id: 'run_1',
    append: (...frames) =>
      new Promise<void>((resolve, reject) =>
        appends.push({ frames, end: resolve, fail: () => reject(new Error('gone')) }),
      ),
    onFailure,
  });
  const texts = () => appends.map(({ frames }) => frames.map(({ content }) => content).join('|'));
  const end = async (index: number) => {
    appends[index]?.end();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { writer, appends, texts, end, onFailure };
}

describe('FrameWriter', () => {
  it('writes the start of the run with a first token that comes soon', () => {
    const { writer, texts } = slowLog();
    writer.started();
    void writer.token('a');
    expect(texts()).toEqual(['The run has started.|a']);
  });

  it('writes the start of the run alone when the model takes its time, and no token waits for it', async () => {
    const { writer, texts } = slowLog();
    writer.started();
    await vi.advanceTimersByTimeAsync(JOIN_MS);
    expect(texts()).toEqual(['The run has started.']);
    void writer.token('a');
    expect(texts()).toEqual(['The run has started.', 'a']);
  });

  it('cuts what a model calls, where that is no name of a tool', () => {
    const { writer, appends } = slowLog();
    const name = 'x'.repeat(1_000_000);
    writer.tool(name, 'failed', `There is no ${name}.`);
    expect(JSON.stringify(appends[0]?.frames).length).toBeLessThan(1_000);
  });

  it('joins further tokens for a moment', async () => {
    const { writer, texts, end } = slowLog();
    void writer.token('a');
    await end(0);
    for (const text of 'bcd') void writer.token(text);
    expect(texts()).toEqual(['a']);
    await vi.advanceTimersByTimeAsync(JOIN_MS);
    expect(texts()).toEqual(['a', 'bcd']);
  });

  it('has one append under way and puts what arrives meanwhile into the next', async () => {
    const { writer, texts, end } = slowLog();
    void writer.token('a');
    for (const text of 'bcd') {
      void writer.token(text);
      await vi.advanceTimersByTimeAsync(JOIN_MS);
    }
    expect(texts()).toEqual(['a']);
    await end(0);
    expect(texts()).toEqual(['a', 'bcd']);
  });

  it('asks to wait when too much is unwritten', async () => {
    const { writer, end } = slowLog();
    expect(writer.token('a')).toBeUndefined();
    const full = writer.token('x'.repeat(WAITING_MAX + 1));
    const written = vi.fn();
    void full?.then(written);
    await end(0);
    expect(written).not.toHaveBeenCalled();
    await end(1);
    expect(written).toHaveBeenCalled();
  });

  it('keeps the order of tokens and states, and drains both', async () => {
    const { writer, texts, end } = slowLog();
    void writer.token('a');
    void writer.token('b');
    writer.run('completed', 'done');
    const drained = vi.fn();
    void writer.drain().then(drained);
    await end(0);
    expect(texts()).toEqual(['a', 'b|done']);
    expect(drained).not.toHaveBeenCalled();
    await end(1);
    expect(drained).toHaveBeenCalled();
  });

  it('is silent after a failed append: a gap would be worse', async () => {
    const { writer, appends, texts, onFailure } = slowLog();
    void writer.token('a');
    void writer.token('b');
    appends[0]?.fail();
    await vi.advanceTimersByTimeAsync(0);
    void writer.token('c');
    writer.run('completed', 'done');
    await writer.drain();
    expect(texts()).toEqual(['a']);
    expect(onFailure).toHaveBeenCalledOnce();
  });

  it('knows what listeners have been given, and takes no more once the answer was ended', async () => {
    const { writer, texts, end } = slowLog();
    writer.started();
    void writer.token('a');
    await end(0);
    void writer.token('b');
    writer.endAnswer();
    void writer.token('c');
    writer.tool('book', 'completed', 'too late');
    expect(writer.written).toBe('a');
    const drained = writer.drain();
    await vi.advanceTimersByTimeAsync(0);
    await end(1);
    await drained;
    expect(texts()).toEqual(['The run has started.|a', 'b']);
    expect(writer.written).toBe('ab');
  });

  it('tells that the run was ended elsewhere, once, and does not count what was refused', async () => {
    const onEnded = vi.fn();
    const answers = ['1-0', null, null];
    const writer = new FrameWriter({
      message_id: 'msg_1',
      run_id: 'run_1',
      append: () => Promise.resolve(answers.shift()),
      onEnded,
      onFailure: () => undefined,
    });
    void writer.token('a');
    await vi.advanceTimersByTimeAsync(JOIN_MS);
    void writer.token('b');
    await vi.advanceTimersByTimeAsync(JOIN_MS);
    void writer.token('c');
    await vi.advanceTimersByTimeAsync(JOIN_MS);
    expect(onEnded).toHaveBeenCalledOnce();
    expect(writer.written).toBe('a');
    expect(answers).toHaveLength(1);
  });
});
