import { z } from 'zod';

/** A passage that an answer rests on. */
export const Citation = z.object({
  document_id: z.string(),
  title: z.string(),
  chunk_id: z.string(),
  quote: z.string().meta({ description: 'Stands in the chunk, word for word.' }),
  url: z.string().nullable().meta({ description: 'Where the document came from, if from a URL.' }),
});
export type Citation = z.infer<typeof Citation>;
