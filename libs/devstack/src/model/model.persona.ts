import { getTextContent, type ChatCompletionRequest, type ChatMessage } from '@copilotkit/aimock';

/** What a model was asked, reduced to what replies depend on. */
export interface Prompt {
  /** The last thing the user said. */
  text: string;
  /** Everything the user said so far, oldest first; as much of it as the caller's memory holds. */
  history: string[];
  model: string;
  request: ChatCompletionRequest;
}

export type Reply = string | ((prompt: Prompt) => string | Promise<string>);

export function promptOf(request: ChatCompletionRequest): Prompt {
  const history = request.messages.filter(({ role }) => role === 'user').map(textOf);
  return { text: history.at(-1) ?? '', history, model: request.model, request };
}

/** The demo model: never lets itself be taken for a real one. */
export function demoReply({ text, history }: Prompt): string {
  const heard = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const earlier = history.at(-2);
  return [
    'This is the demo model speaking, not a real one: I only repeat what I hear.',
    `You said: “${heard}”.`,
    ...(earlier ? [`Before that you said: “${earlier.slice(0, 80)}”, so the memory works.`] : []),
    'Set OPENAI_API_KEY and start again, and a real model answers here.',
  ].join(' ');
}

function textOf({ content }: ChatMessage): string {
  return getTextContent(content) ?? '';
}
