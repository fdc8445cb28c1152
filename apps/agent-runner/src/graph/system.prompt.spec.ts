import { describe, expect, it } from 'vitest';
import { systemPrompt } from './system.prompt';

const plain = { system_prompt: ' You sell bread. ', answer_in_user_language: false, use_markdown: false };

describe('systemPrompt', () => {
  it("begins with the agent's own instructions", () => {
    expect(systemPrompt(plain)).toBe('You sell bread.\n\nAnswer in plain text, without Markdown.');
  });

  it('says what the switches say', () => {
    const prompt = systemPrompt({ ...plain, answer_in_user_language: true, use_markdown: true });
    expect(prompt).toContain('Answer in the language the user writes in.');
    expect(prompt).toContain('with Markdown');
  });

  it('has no gap where there are no instructions', () => {
    expect(systemPrompt({ ...plain, system_prompt: '' })).toBe('Answer in plain text, without Markdown.');
  });
});
