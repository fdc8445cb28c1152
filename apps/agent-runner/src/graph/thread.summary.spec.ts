import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { memoryWindow } from './memory.window';
import {
  summarizingQuestion,
  summaryOf,
  summaryPrompt,
  type ThreadSummary,
  toSummarize,
} from './thread.summary';

const memory = (depth: number, summarize = true, enabled = true) => ({ enabled, depth, summarize });
const exchange = (name: number | string): BaseMessage[] => [
  new HumanMessage({ id: `q${name}`, content: `question ${name}` }),
  new AIMessage({ id: `a${name}`, content: `answer ${name}` }),
];
const question = (id: string): BaseMessage => new HumanMessage({ id, content: id });
const ids = (messages: BaseMessage[]) => messages.map(({ id }) => id).join(' ');

/** One conversation, a question at a time: what is taken into the summary, and what the model is shown. */
function converse(depth: number, turns: number, isAway: (turn: number) => boolean = () => false) {
  let messages: BaseMessage[] = [];
  let summary: ThreadSummary | null = null;
  const taken: string[] = [];
  const shown: string[] = [];
  for (let turn = 1; turn <= turns; turn += 1) {
    const asked = [...messages, question(`q${turn}`)];
    const window = memoryWindow({ messages: asked, summary }, memory(depth), `q${turn}`);
    const open = toSummarize(asked, summary, memory(depth), `q${turn}`, `q${turn}`);
    shown.push(ids(window));
    if (open.length > 0 && !isAway(turn)) {
      taken.push(ids(open));
      summary = summaryOf('notes', open);
    }
    messages = [
      ...asked.slice(asked.findIndex(({ id }) => id === window[0]?.id)),
      ...exchange(turn).slice(1),
    ];
  }
  return { taken, shown, kept: messages.length };
}

describe('a running summary', () => {
  it.each([1, 2, 3, 4, 7, 20])(
    'of depth %s takes each message once, and none that is not shown is missing',
    (depth) => {
      const { taken, shown, kept } = converse(depth, 30);
      const all = Array.from({ length: 30 }, (_, index) => [`q${index + 1}`, `a${index + 1}`]).flat();
      const summarized = taken.join(' ').split(' ');
      expect(summarized).toEqual(all.slice(0, summarized.length));
      const last = shown.at(-1)?.split(' ') ?? [];
      // The summary that the last question was answered with is that of the question before.
      const before = converse(depth, 29).taken.join(' ').split(' ');
      const known = new Set([...before, ...last]);
      expect(all.slice(0, -1).filter((id) => !known.has(id))).toEqual([]);
      expect(last.length).toBeLessThanOrEqual(Math.max(depth, 2) + 1);
      expect(kept).toBeLessThanOrEqual(Math.max(depth, 2) + 2);
    },
  );

  it('that could not be made is made up for, and what is not in it is shown meanwhile', () => {
    const { taken, shown } = converse(4, 7, (turn) => turn === 4 || turn === 5);
    expect(shown.slice(3)).toEqual([
      'q2 a2 q3 a3 q4',
      'q2 a2 q3 a3 q4 a4 q5',
      'q2 a2 q3 a3 q4 a4 q5 a5 q6',
      'q5 a5 q6 a6 q7',
    ]);
    expect(taken).toEqual(['q1 a1', 'q2 a2 q3 a3 q4 a4', 'q5 a5']);
  });

  it('that cannot be made for long costs what is oldest', () => {
    const { shown, kept } = converse(4, 40, () => true);
    const last = shown.at(-1)?.split(' ') ?? [];
    // The depth, 40 more, and the question.
    expect([last.length, last[0], last.at(-1)]).toEqual([45, 'q18', 'q40']);
    expect(kept).toBe(46);
  });

  it.each([
    ['not asked for', memory(1, false)],
    ['that no memory is kept for', memory(1, true, false)],
  ])('%s is none', (_why, settings) => {
    const messages = [...exchange(1), ...exchange(2), question('q3')];
    expect(toSummarize(messages, null, settings, 'q3', 'q3')).toEqual([]);
    expect(summaryPrompt({ text: 'notes', through: 'a1' }, settings)).toBe('');
  });

  it('is bounded, and so is what it is made of; no character is cut in half', () => {
    const long = [new HumanMessage({ id: 'q1', content: `a${'😀'.repeat(5_000)}` })];
    for (const text of [summaryOf(`a${'😀'.repeat(5_000)}`, long).text, summarizingQuestion(null, long)]) {
      expect(text.length).toBeLessThan(4_100);
      expect(text).not.toMatch(/\p{Surrogate}/u);
    }
  });

  it('takes in all that a smaller memory leaves out at once, as far as a model can read it', () => {
    const said = Array.from({ length: 60 }, (_, index) => exchange(index)).flat();
    expect(toSummarize([...said, question('q')], null, memory(10), 'q', 'q')).toHaveLength(112);
    const long = said.map(({ id, type }) =>
      type === 'human'
        ? new HumanMessage({ id: id!, content: 'x'.repeat(9_000) })
        : new AIMessage({ id: id!, content: 'y' }),
    );
    const taken = toSummarize([...long, question('q')], null, memory(10), 'q', 'q');
    expect(taken).toHaveLength(48);
    expect(summarizingQuestion(null, taken).length).toBeLessThan(102_000);
  });

  it('leaves no gap after many questions that one reply answers', () => {
    const asked = Array.from({ length: 10 }, (_, index) => question(`q${index}`));
    const messages = [...asked, new AIMessage({ id: 'a', content: 'answer' }), question('next')];
    const window = memoryWindow({ messages, summary: null }, memory(2), 'next');
    expect(ids(window)).toBe(ids(messages));
  });

  it('counts all the questions that one reply answers', () => {
    const messages = [...exchange(1), ...exchange(2), question('q3'), question('q4')];
    expect(ids(toSummarize(messages, null, memory(5), 'q4', 'q3'))).toBe('q1 a1');
  });
});
