import { type IngestionState, ingestionStates, type MetadataFilter } from '../knowledge';
import {
  EnumField,
  IntegerField,
  ItemsField,
  NestedField,
  ObjectField,
  StringField,
  TimeField,
  UrlField,
} from './field.decorators';
import { KNOWLEDGE_BASE_ID } from './knowledge-base.dto';

/** Where a document comes from. */
export const documentSources = ['file', 'text', 'url'] as const;
export type DocumentSource = (typeof documentSources)[number];

/** What can be read. */
export const documentTypes = ['pdf', 'docx', 'html', 'markdown', 'text', 'csv'] as const;
export type DocumentType = (typeof documentTypes)[number];

const DOCUMENT_ID = { description: 'The document.', example: 'doc_9bTq1mXw5kPzV3nRcY7LdF', max: 64 };
const METADATA = {
  description: 'Flat: texts, numbers and booleans, at most 32. Searches can filter by them.',
  example: { language: 'en', department: 'sales' },
};

/** A text, a URL, or, as `multipart/form-data`, the part `file`: one of the three. */
export class AddDocumentDto {
  @StringField({
    description:
      'What citations call it. Required with `text`; else the name of the file, or the URL, when absent.',
    example: 'Opening hours',
    min: 1,
    max: 300,
    optional: true,
  })
  title?: string;

  @StringField({
    description: 'The document itself, as plain text or Markdown.',
    example: '# Opening hours\n\nWe open at nine.',
    min: 1,
    max: 1_000_000,
    optional: true,
  })
  text?: string;

  @UrlField({
    description: 'Where the document is; the service fetches it, from public hosts and those it is allowed.',
    example: 'https://example.com/opening-hours.html',
    optional: true,
  })
  url?: string;

  @ObjectField({ ...METADATA, optional: true })
  metadata?: MetadataFilter;

  @StringField({
    description:
      'The document that this replaces. Without it, the one of the same file name, URL or, of texts, title.',
    example: DOCUMENT_ID.example,
    max: 64,
    optional: true,
  })
  document_id?: string;
}

export class DocumentStatusDto {
  @EnumField({ description: 'Where it is on its way.', example: 'embedding', values: ingestionStates })
  state!: IngestionState;

  @IntegerField({ description: 'Pieces embedded so far.', example: 37, min: 0, max: 1_000_000 })
  done!: number;

  @IntegerField({
    description: 'Pieces it has; 0 until that is known.',
    example: 120,
    min: 0,
    max: 1_000_000,
  })
  total!: number;

  @StringField({
    description: 'The same in words; of one that failed, why, and what to do about it.',
    example: 'embedding 37/120',
    max: 2_000,
  })
  detail!: string;
}

export class DocumentDto {
  @StringField(DOCUMENT_ID)
  id!: string;

  @StringField(KNOWLEDGE_BASE_ID)
  knowledge_base_id!: string;

  @StringField({ description: 'What citations call it.', example: 'Opening hours', max: 300 })
  title!: string;

  @EnumField({ description: 'How it was given.', example: 'file', values: documentSources })
  source!: DocumentSource;

  @StringField({
    description: 'The name of the file, the URL, or the title of the text.',
    example: 'opening-hours.pdf',
    max: 2_000,
  })
  name!: string;

  @EnumField({
    description: 'What it is read as; of a URL known once it was fetched.',
    example: 'pdf',
    values: documentTypes,
    nullable: true,
  })
  type!: DocumentType | null;

  @IntegerField({
    description: 'Bytes it has; of a URL known once it was fetched.',
    example: 48_213,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    nullable: true,
  })
  bytes!: number | null;

  @ObjectField(METADATA)
  metadata!: MetadataFilter;

  @IntegerField({
    description: 'Rises with each change of content, title or metadata.',
    example: 2,
    min: 1,
    max: 2_147_483_647,
  })
  revision!: number;

  @IntegerField({
    description: 'Which revision searches find; null until the first is ready.',
    example: 1,
    min: 1,
    max: 2_147_483_647,
    nullable: true,
  })
  published_revision!: number | null;

  @NestedField(() => DocumentStatusDto, {
    description: 'How far the ingestion of the newest revision is.',
    example: { state: 'embedding', done: 37, total: 120, detail: 'embedding 37/120' },
  })
  status!: DocumentStatusDto;

  @TimeField({ description: 'When it was first added.' })
  created_at!: string;

  @TimeField({ description: 'When anything of it last changed.' })
  updated_at!: string;
}

export class DocumentPageDto {
  @ItemsField(() => DocumentDto, { description: 'Newest first.', example: [] })
  items!: DocumentDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;
}
