import type { AgentConfiguration } from '@roost/contracts';

/** The agent's own instructions, followed by what its switches say. */
export function systemPrompt({
  system_prompt,
  answer_in_user_language,
  use_markdown,
}: Pick<AgentConfiguration, 'system_prompt' | 'answer_in_user_language' | 'use_markdown'>): string {
  return [
    system_prompt.trim(),
    answer_in_user_language ? 'Answer in the language the user writes in.' : '',
    use_markdown
      ? 'Format the answer with Markdown where it helps the reader.'
      : 'Answer in plain text, without Markdown.',
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
