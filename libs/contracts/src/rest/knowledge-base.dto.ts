import { IntegerField, ItemsField, StringField, TimeField } from './field.decorators';

export const KNOWLEDGE_BASE_ID = {
  description: 'The knowledge base.',
  example: 'kb_4vJx2pQzW8mNcR6tYbL0sD',
  max: 64,
};

export class CreateKnowledgeBaseDto {
  @StringField({ description: 'What people call it.', example: 'Shop', min: 1, max: 120 })
  name!: string;

  @StringField({
    description: 'What it is about.',
    example: 'Opening hours, delivery, returns.',
    max: 1_000,
    default: '',
  })
  description!: string;
}

export class KnowledgeBaseDto extends CreateKnowledgeBaseDto {
  @StringField(KNOWLEDGE_BASE_ID)
  id!: string;

  @IntegerField({ description: 'How many documents it has.', example: 12, min: 0, max: 1_000_000 })
  documents!: number;

  @TimeField({ description: 'When it was made.' })
  created_at!: string;
}

export class KnowledgeBasePageDto {
  @ItemsField(() => KnowledgeBaseDto, { description: 'Newest first.', example: [] })
  items!: KnowledgeBaseDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;
}
