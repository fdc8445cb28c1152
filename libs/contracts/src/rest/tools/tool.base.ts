import { BooleanField } from '../field.decorators';

/** What every type of tool has. */
export class ToolBase {
  @BooleanField({
    description:
      'The run pauses before each call until somebody who may write to the thread approves, edits or rejects it.',
    example: false,
    default: false,
  })
  requires_approval!: boolean;
}
