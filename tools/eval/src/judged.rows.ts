import type { Split } from './dataset';
import type { Reply } from './agent.client';
import { type Estimate, estimate } from './statistics';

export interface JudgedRow {
  split: Split;
  measure: string;
  /** Null where it was not measured: `note` says why. */
  figure: Estimate | null;
  note: string;
}

export interface JudgedReply extends Reply {
  declined: boolean;
}

/** What is asked of the replies, in words. */
export const judgedMeasures = {
  precision: 'citation precision: cited documents that the answer needs',
  abstention: 'abstention: declines what no document answers',
  refusal: 'false abstention: declines what a document answers',
  gain: 'rewrite gain: more needed documents cited with rewriting than without',
} as const;

export const judgedNotMeasured = (splits: readonly Split[], why: string): JudgedRow[] =>
  splits.flatMap((split) =>
    Object.values(judgedMeasures).map((measure) => ({
      split,
      measure,
      figure: null,
      note: `not measured (${why})`,
    })),
  );

/** `without`: the replies, to the questions that need a rewrite, of an agent that may not rewrite. */
export const judgedRows = (
  splits: readonly Split[],
  replies: readonly JudgedReply[],
  without: readonly Reply[],
): JudgedRow[] =>
  splits.flatMap((split) => {
    const of = replies.filter(({ question }) => question.split === split);
    const row = (measure: string, values: number[]): JudgedRow => {
      const figure = estimate(values);
      return { split, measure, figure, note: figure ? '' : 'no reply to judge' };
    };
    const answerable = of.filter(({ question }) => question.kind !== 'unanswerable');
    return [
      row(judgedMeasures.precision, answerable.filter(({ cited }) => cited.length > 0).map(precisionOf)),
      row(
        judgedMeasures.abstention,
        of.filter(({ question }) => question.kind === 'unanswerable').map(({ declined }) => Number(declined)),
      ),
      row(
        judgedMeasures.refusal,
        answerable.map(({ declined }) => Number(declined)),
      ),
      row(judgedMeasures.gain, gains(of, without)),
    ];
  });

/** Pairs: both agents were asked the same question. */
const gains = (replies: readonly Reply[], without: readonly Reply[]): number[] =>
  replies.flatMap((reply) => {
    const other = without.find(({ question }) => question.id === reply.question.id);
    return other ? [Number(citesNeeded(reply)) - Number(citesNeeded(other))] : [];
  });

const isNeeded = ({ question }: Reply, document_id: string): boolean =>
  question.relevant.some((part) => part.document_id === document_id);
const citesNeeded = (reply: Reply): boolean => reply.cited.some((id) => isNeeded(reply, id));
const precisionOf = (reply: Reply): number =>
  reply.cited.filter((id) => isNeeded(reply, id)).length / reply.cited.length;
