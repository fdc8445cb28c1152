import type { Response } from 'express';

/** Says that the answer lasts as long as somebody reads it: how long tells nothing of this service. */
export function markStreamed({ locals }: Response): void {
  locals['streamed'] = true;
}

export const isStreamed = ({ locals }: Response): boolean => locals['streamed'] === true;
