import { describe, expect, it } from 'vitest';
import { judgedNotMeasured } from './judged.rows';
import { judgedTable, retrievalTable } from './report';
import { retrievalMeasures, type RetrievalMeasure, type RetrievalRow } from './retrieval.rows';
import type { Estimate } from './statistics';

const everywhere = (figure: Estimate | null): RetrievalRow['figures'] =>
  Object.fromEntries(retrievalMeasures.map((measure) => [measure, figure])) as Record<
    RetrievalMeasure,
    Estimate | null
  >;
const aRow = (overrides: Partial<RetrievalRow>): RetrievalRow => ({
  split: 'held_out',
  slice: 'all',
  mode: 'keyword',
  questions: 45,
  figures: everywhere({ n: 45, mean: 0.8, low: 0.71, high: 0.894 }),
  note: '',
  ...overrides,
});
const cells = (table: string): string[][] =>
  table.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));

describe('the table', () => {
  it('shows a share with its interval', () => {
    const [head, , row] = cells(retrievalTable([aRow({})]));
    expect(row?.[(head ?? []).indexOf('hit@5')]).toBe('0.80 [0.71, 0.89]');
    expect(row?.slice(1, 5)).toEqual(['held_out', 'all', '45', 'BM25']);
  });

  it('has a dash where a measure has no question', () =>
    expect(cells(retrievalTable([aRow({ figures: everywhere(null) })]))[2]).toContain('–'));

  it('keeps the row of what was not measured, and says why', () => {
    const note = 'not measured (EMBEDDING_BASE_URL is not set)';
    const row = cells(retrievalTable([aRow({ mode: 'dense', figures: null, note })]))[2];
    expect(row?.slice(4, 6)).toEqual(['dense', note]);
  });

  it('keeps the rows that no model has judged', () => {
    const table = judgedTable(judgedNotMeasured(['held_out'], 'OPENAI_API_KEY is not set'));
    expect(table.match(/not measured \(OPENAI_API_KEY is not set\)/g)).toHaveLength(4);
  });
});
