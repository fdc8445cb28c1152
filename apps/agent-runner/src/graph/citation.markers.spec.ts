import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { describe, expect, it } from 'vitest';
import { CitationMarkers, withoutMarkers } from './citation.markers';

/** What leaves when the text comes in pieces of each length. */
const shown = (text: string, sources: number): Set<string> =>
  new Set(
    Array.from({ length: text.length }, (_none, index) => {
      const markers = new CitationMarkers(sources);
      let streamed = '';
      for (let at = 0; at < text.length; at += index + 1)
        streamed += markers.push(text.slice(at, at + index + 1));
      streamed += markers.end();
      expect(streamed).toBe(markers.text);
      return streamed;
    }),
  );

describe('markers of a streamed answer', () => {
  it.each<[string, string, string]>([
    ['are numbered by first use', 'One [3]. Two [1]. Three [3].', 'One [1]. Two [2]. Three [1].'],
    ['of several sources stand apart', 'Both [1, 2] and [2;1].', 'Both [1][2] and [2][1].'],
    ['of no source are taken out', 'Made up [9]. So [0] is [1, 7] this[12].', 'Made up. So is [1] this.'],
    ['are no other brackets', 'A [link](x), a [note 1], [ 1 ] and [', 'A [link](x), a [note 1], [ 1 ] and ['],
    ['do not stand in code', 'See `a[9]` and\n```\nb [1]\n``` [2].', 'See `a[9]` and\n```\nb [1]\n``` [1].'],
    ['may stand at the end', 'Found [2]', 'Found [1]'],
    ['leave white space alone', 'a  b \n\n- c [1] \n', 'a  b \n\n- c [1] \n'],
  ])('%s, however the text is cut', (_what, text, expected) => {
    expect([...shown(text, 3)]).toEqual([expected]);
  });

  it('are kept with what they stand after', () => {
    const markers = new CitationMarkers(2);
    markers.push('We open at nine [2].\n- Dogs are welcome. Cats, too [1][2].');
    markers.end();
    expect(markers.cited).toEqual([2, 1]);
    expect(markers.mentions).toEqual([
      { source: 2, claim: 'We open at nine' },
      { source: 1, claim: '- Dogs are welcome. Cats, too' },
      { source: 2, claim: '- Dogs are welcome. Cats, too' },
    ]);
  });

  it('hold nothing back that cannot become one', () => {
    const markers = new CitationMarkers(1);
    expect(markers.push('We open [at')).toBe('We open [at');
    expect(markers.push(' nine [1')).toBe(' nine');
    expect(markers.push(']')).toBe(' [1]');
  });
});

describe('an earlier answer', () => {
  it('is shown without markers, if they were any', () => {
    const cited = new AIMessage({
      id: 'a',
      content: 'At nine [1].',
      response_metadata: { citations: [{ chunk_id: 'x' }] },
    });
    const plain = new AIMessage({ id: 'b', content: 'Take item [1].' });
    const messages = withoutMarkers([new HumanMessage('And [1]?'), cited, plain]);
    expect(messages.map(({ text }) => text)).toEqual(['And [1]?', 'At nine.', 'Take item [1].']);
    expect(messages.map(({ id }) => id)).toEqual([undefined, 'a', 'b']);
  });
});
