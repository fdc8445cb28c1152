import { z } from 'zod';

/** One call of a tool outside any run, asked of the agent's instance. */
export const ToolTestRequest = z.object({
  request_id: z.string(),
  /** The configuration whose tool is meant. */
  version: z.int(),
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()),
  /** Whom it is called for; the manager has checked who may say so. */
  user_id: z.string().nullable(),
  user_data: z.record(z.string(), z.unknown()),
  /** Milliseconds after which nobody waits for the answer. */
  wait_ms: z.int(),
});
export type ToolTestRequest = z.infer<typeof ToolTestRequest>;

export const ToolTestAnswer = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('called'), ok: z.boolean(), content: z.string(), ms: z.int() }),
  /** `known` are the names of the tools there are. */
  z.object({ outcome: z.literal('unknown_tool'), known: z.array(z.string()) }),
  /** The instance makes as many such calls as it will at once. */
  z.object({ outcome: z.literal('busy') }),
]);
export type ToolTestAnswer = z.infer<typeof ToolTestAnswer>;
