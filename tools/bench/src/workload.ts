/** Sixty words. */
export const REPLY =
  `Good morning, and thank you for asking. Our office opens at nine on weekdays and at ten on
Saturdays; on Sundays and public holidays it stays closed. You can reach us by telephone during those hours, by
letter at any time, or here whenever you like. If you need an appointment, tell me which day suits you best and I
will look for one.`.replaceAll('\n', ' ');

export const SYSTEM_PROMPT = 'You are a friendly assistant. Answer briefly.';
export const MODEL = 'bench-model';

/** Milliseconds between two tokens of the stub. */
export const paces = [0, 10] as const;
export type Pace = (typeof paces)[number];

/** A question that the stub answers at this pace. */
export const question = (pace: Pace, index: number): string =>
  `Question ${index}, at ${pace} ms a token: when are you open?`;
export const paceMark = (pace: Pace): string => `at ${pace} ms a token`;

export interface Timing {
  /** Milliseconds from the question to the first text of the answer. */
  first_ms: number;
  /** Milliseconds from the question to the end of the answer. */
  whole_ms: number;
}
