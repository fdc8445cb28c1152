import { errorCatalogue } from '@roost/contracts';
import type { ApiAnswer } from '@roost/testing';
import { expect } from 'vitest';

/** The answer is a problem of the catalogue, whole, and nothing of ours shines through. */
export function expectProblem(answer: ApiAnswer, status: number | number[], what: string): void {
  const problem = answer.body as Record<string, unknown>;
  const told = `${what} -> ${answer.status} ${JSON.stringify(answer.body).slice(0, 400)}`;
  expect([status].flat(), told).toContain(answer.status);
  expect(answer.headers.get('content-type'), told).toMatch(/^application\/problem\+json/);
  expect(Object.keys(errorCatalogue), told).toContain(problem['code']);
  expect(problem, told).toMatchObject({
    type: `urn:roost:error:${String(problem['code'])}`,
    title: expect.any(String),
    detail: expect.stringMatching(/\S/),
    status: answer.status,
    request_id: answer.headers.get('x-request-id'),
  });
}
