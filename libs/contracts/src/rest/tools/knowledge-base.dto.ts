import { ArrayMinSize, ArrayUnique, Matches, MaxLength } from 'class-validator';
import { applyDecorators } from '@nestjs/common';
import {
  KNOWLEDGE_BASE_ID_PATTERN,
  type KnowledgeBaseTool,
  RETRIEVAL_LIMIT_DEFAULT,
  REWRITE_ATTEMPTS_DEFAULT,
} from '../../tools/knowledge-base.tool';
import { IntegerField, StringField, StringListField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

const KnowledgeBaseIds = (): PropertyDecorator =>
  applyDecorators(
    StringListField({
      description: 'The knowledge bases to look in, 1 to 50.',
      example: ['kb_7Hq2mV9xKpL4sRtYwZ0bNc'],
      max: 50,
    }),
    ArrayMinSize(1),
    ArrayUnique(),
    MaxLength(64, { each: true }),
    Matches(KNOWLEDGE_BASE_ID_PATTERN, {
      each: true,
      message: '$property must hold ids of knowledge bases',
    }),
  );

/**
 * Knowledge the agent looks things up in. The model decides when, and with which queries; what is found is judged,
 * and a query that finds nothing is put in other words.
 */
export class KnowledgeBaseToolDto extends ToolBase implements KnowledgeBaseTool {
  @ToolTypeField('knowledge_base')
  type!: 'knowledge_base';

  @ToolNameField('search_handbook')
  name!: string;

  @StringField({
    description: 'What it holds and when to look there, for the model.',
    example: 'The handbook: opening hours, prices, returns.',
    min: 1,
    max: 2_000,
  })
  description!: string;

  @KnowledgeBaseIds()
  knowledge_base_ids!: string[];

  @IntegerField({
    description: 'Passages that one query brings.',
    example: 5,
    min: 1,
    max: 20,
    default: RETRIEVAL_LIMIT_DEFAULT,
  })
  retrieval_limit!: number;

  @IntegerField({
    description: 'Times a query that found nothing relevant is put in other words before the agent gives up.',
    example: 2,
    min: 0,
    max: 5,
    default: REWRITE_ATTEMPTS_DEFAULT,
  })
  rewrite_attempts!: number;
}
