import { type MetadataFilter, type SearchMode, searchModes } from '../knowledge';
import {
  EnumField,
  IntegerField,
  ItemsField,
  NumberField,
  ObjectField,
  StringField,
} from './field.decorators';

export class KnowledgeSearchDto {
  @StringField({
    description: 'What to look for, in words or as a question.',
    example: 'How long does a refund take?',
    min: 1,
    max: 4_000,
  })
  query!: string;

  @IntegerField({ description: 'How many pieces to return.', example: 5, min: 1, max: 50, default: 5 })
  limit!: number;

  @EnumField({
    description: 'By meaning (`dense`), by words (`keyword`, BM25), or by both, fused by reciprocal rank.',
    example: 'hybrid',
    values: searchModes,
    default: 'hybrid',
  })
  mode!: SearchMode;

  @ObjectField({
    description: 'Metadata that a document must have, all of it: texts, numbers and booleans, at most 20.',
    example: { lang: 'en' },
    default: {},
  })
  filter!: MetadataFilter;
}

export class FoundChunkDto {
  @StringField({ description: 'The knowledge base.', example: 'kb_returns', max: 64 })
  knowledge_base_id!: string;

  @StringField({ description: 'The document.', example: 'doc_Zk3…', max: 64 })
  document_id!: string;

  @StringField({ description: 'The title of the document.', example: 'Returns and refunds', max: 1_000 })
  title!: string;

  @StringField({ description: 'The piece.', example: '3b241101-e2bb-4255-8caf-4136c566a962', max: 64 })
  chunk_id!: string;

  @IntegerField({
    description: 'Which piece of the document it is, from 0.',
    example: 2,
    min: 0,
    max: 2 ** 31 - 1,
  })
  position!: number;

  @StringField({ description: 'Its text.', example: 'Refunds take five working days.', max: 100_000 })
  text!: string;

  @NumberField({
    description: 'How well it fits; comparable within one answer only.',
    example: 0.0325,
    min: -1e9,
    max: 1e9,
  })
  score!: number;

  @StringField({
    description: 'Where the document came from, when it was given as a URL.',
    example: 'https://shop.example/returns',
    max: 2_000,
    nullable: true,
  })
  source_url!: string | null;
}

export class SpentTokensDto {
  @StringField({ description: 'What they were spent on.', example: 'embedding', max: 40 })
  kind!: string;

  @StringField({ description: 'The model.', example: 'text-embedding-3-small', max: 200 })
  model!: string;

  @IntegerField({ description: 'Calls of the model.', example: 1, min: 1, max: 2 ** 31 - 1 })
  calls!: number;

  @IntegerField({ description: 'Tokens read.', example: 8, min: 0, max: 2 ** 31 - 1 })
  input_tokens!: number;

  @IntegerField({ description: 'Tokens written.', example: 0, min: 0, max: 2 ** 31 - 1 })
  output_tokens!: number;
}

export class KnowledgeSearchResultDto {
  @ItemsField(() => FoundChunkDto, { description: 'Best first.', example: [] })
  results!: FoundChunkDto[];

  @ItemsField(() => SpentTokensDto, {
    description: 'What the search spent; absent where nothing was.',
    example: [],
    optional: true,
  })
  usage?: SpentTokensDto[];
}
