import { AGENT_ID_PATTERN } from '../../ids';
import { IntegerField, StringField } from '../field.decorators';
import { ToolBase } from './tool.base';
import { ToolNameField, ToolTypeField } from './tool.fields';

/**
 * Another agent as a tool: the model writes it a message and reads its answer. The other agent is told of the same
 * user, keeps a conversation of its own for each thread of this one, and may hand off further, three deep.
 */
export class HandoffToolDto extends ToolBase {
  @ToolTypeField('handoff')
  type!: 'handoff';

  @ToolNameField('ask_accounting')
  name!: string;

  @StringField({
    description: 'What the other agent is for and when to ask it, for the model.',
    example: 'Answers questions about invoices.',
    min: 1,
    max: 2_000,
  })
  description!: string;

  @StringField({
    description: 'The other agent.',
    example: 'agent_accounting_p3q9',
    max: 64,
    pattern: AGENT_ID_PATTERN,
    patternMessage: '$property must be the id of an agent',
  })
  agent_id!: string;

  @IntegerField({
    description: 'Seconds its answer may take, waking it included.',
    example: 120,
    min: 1,
    max: 600,
    default: 120,
  })
  timeout_s!: number;
}
