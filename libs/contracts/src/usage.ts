import { z } from 'zod';

/** What tokens were spent on. */
export const usageKinds = ['agent', 'grading', 'rewriting', 'embedding', 'summarizing'] as const;
export type UsageKind = (typeof usageKinds)[number];

/** The tokens of one run, by kind of call and model. */
export const TokenUsage = z.object({
  kind: z.enum(usageKinds),
  model: z.string().max(200),
  calls: z.int().min(1).max(1_000_000),
  input_tokens: z.int().min(0).max(1e12),
  output_tokens: z.int().min(0).max(1e12),
});
export type TokenUsage = z.infer<typeof TokenUsage>;
