import { defaultRunLimits } from '../agent-configuration';
import { IntegerField, NumberField } from './field.decorators';

export class LimitsDto {
  @IntegerField({
    description: 'Memory of the runner, in MiB.',
    example: 512,
    min: 96,
    max: 65_536,
    default: 512,
  })
  memory_mb!: number;

  @NumberField({
    description: 'Processor share of the runner, in cores.',
    example: 0.5,
    min: 0.05,
    max: 64,
    default: 1,
  })
  cpus!: number;

  @IntegerField({
    description: 'Processes and threads of the runner.',
    example: 128,
    min: 32,
    max: 4_096,
    default: 128,
  })
  pids!: number;

  @IntegerField({
    description: 'Questions to the model for one answer; more ends the run.',
    example: 12,
    min: 1,
    max: 100,
    default: defaultRunLimits.steps_per_run,
  })
  steps_per_run?: number;

  @IntegerField({
    description: 'Calls of tools for one answer; more ends the run.',
    example: 40,
    min: 1,
    max: 500,
    default: defaultRunLimits.tool_calls_per_run,
  })
  tool_calls_per_run?: number;

  @IntegerField({
    description:
      'Seconds one answer may take, tools and knowledge included; more ends the run. A run that goes on after its runner was lost begins to count anew.',
    example: 120,
    min: 1,
    max: 3_600,
    default: defaultRunLimits.seconds_per_run,
  })
  seconds_per_run?: number;

  @IntegerField({
    description:
      'Tokens of one answer, of all kinds of calls, as the provider counts them; once they are used up the model is not asked again and the run ends.',
    example: 50_000,
    min: 1,
    max: 100_000_000,
    default: defaultRunLimits.tokens_per_run,
  })
  tokens_per_run?: number;

  @IntegerField({
    description:
      'Tokens the agent may spend a day (UTC), of all kinds; looked at before each question to a model. Null: no budget.',
    example: 2_000_000,
    min: 1,
    max: 1_000_000_000_000,
    nullable: true,
  })
  tokens_per_day?: number | null;
}
