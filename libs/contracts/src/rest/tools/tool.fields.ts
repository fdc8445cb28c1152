import { TOOL_NAME_PATTERN, type ToolType, toolTypes } from '../../agent-tool';
import { EnumField, StringField } from '../field.decorators';

/** What tells the types of tools apart; every type has it. */
export const ToolTypeField = (example: ToolType): PropertyDecorator =>
  EnumField({ description: 'What kind of tool it is.', example, values: toolTypes });

/** The name of a tool; every type has it, some with a default. */
export const ToolNameField = (example: string, fallback?: string): PropertyDecorator =>
  StringField({
    description: 'What the model calls it; unique within the agent.',
    example,
    ...(fallback === undefined ? {} : { default: fallback }),
    max: 64,
    pattern: TOOL_NAME_PATTERN,
    patternMessage: '$property must begin with a letter and hold letters, digits, _ and - only',
  });
