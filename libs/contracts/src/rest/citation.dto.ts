import type { Citation } from '../citation';
import { StringField } from './field.decorators';

export class CitationDto implements Citation {
  @StringField({ description: 'The document.', example: 'doc_7Hq2mV9xKpL4sRtYwZ0bNc', max: 64 })
  document_id!: string;

  @StringField({ description: 'Its title.', example: 'Handbook', max: 1_000 })
  title!: string;

  @StringField({ description: 'The piece of it.', example: 'doc_7Hq2mV9xKpL4sRtYwZ0bNc:3', max: 200 })
  chunk_id!: string;

  @StringField({
    description: 'Stands in the piece, word for word.',
    example: 'We open at nine.',
    max: 2_000,
  })
  quote!: string;

  @StringField({
    description: 'Where the document came from, if from a URL.',
    example: 'https://shop.example/handbook',
    max: 4_000,
    nullable: true,
  })
  url!: string | null;
}
