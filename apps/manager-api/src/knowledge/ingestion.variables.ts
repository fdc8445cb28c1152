import { integer, text } from '@roost/service-kit';

/** What the manager's environment says about knowledge bases and how documents get into them. */
export const ingestionVariables = {
  KNOWLEDGE_DIR: text().default('.roost/knowledge').meta({
    description: 'Where uploaded and fetched documents are kept; managers of one installation share it',
  }),
  KNOWLEDGE_UPLOAD_BYTES_MAX: integer(1_024, 1_073_741_824)
    .default(20_971_520)
    .meta({ description: 'Bytes one document may have' }),
  KNOWLEDGE_BASES_MAX: integer(1, 1_000_000)
    .default(1_000)
    .meta({ description: 'Knowledge bases there may be' }),
  KNOWLEDGE_DOCUMENTS_MAX: integer(1, 1_000_000)
    .default(10_000)
    .meta({ description: 'Documents one knowledge base may have' }),
  KNOWLEDGE_INGESTION_CONCURRENCY: integer(0, 32).default(1).meta({
    description: 'Documents one manager ingests at a time; 0 leaves it to other managers',
  }),
  KNOWLEDGE_INGESTION_RETRIES: integer(0, 20).default(8).meta({
    description:
      'How often a document is tried again, after 2 s and then ever longer, when embedding model, store or URL fail',
  }),
  KNOWLEDGE_PARSE_SECONDS: integer(1, 3_600)
    .default(60)
    .meta({ description: 'Until a document must have been read' }),
  KNOWLEDGE_PARSE_MEMORY_MB: integer(64, 65_536)
    .default(384)
    .meta({ description: 'MiB the process that reads a document may use' }),
  KNOWLEDGE_PDF_PAGES_MAX: integer(1, 1_000_000).default(2_000).meta({ description: 'Pages a PDF may have' }),
};
