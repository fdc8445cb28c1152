import type { BotCommand } from 'telegraf/types';
import type { Texts } from './texts';

const texts: Texts = {
  start: 'Hello! Write to me, and I will answer.',
  help: 'Write to me as you would to a person.\n\n/new begins a new conversation: I forget what was said before.\n/stop stops the answer I am writing.',
  newThread: 'A new conversation. What would you like to know?',
  stopped: 'Stopped.',
  nothingToStop: 'There is nothing to stop.',
  unsupported: 'I only understand text so far. Please write to me in words.',
  failures: {
    agent_disabled: 'I am switched off at the moment. Please try again later.',
    agent_not_found: 'I am not available any more.',
    thread_busy: 'I am still answering your last message. Please wait for it, or stop it with /stop.',
    too_many_requests: 'That is too fast for me. Please wait a minute.',
    validation_failed: 'I cannot read this message. Please write it another way.',
    budget_exhausted: 'I have said all I may say today. Please come back tomorrow.',
    run_limit_reached: 'This was too much work for one answer. Please ask for less at a time.',
    model_timeout: 'My answer took too long. Please try again.',
    model_unavailable: 'I cannot think at the moment. Please try again in a while.',
    model_rate_limited: 'Too many people ask me at once. Please try again in a minute.',
  },
  otherFailure: 'Something went wrong, and I cannot answer this message. Please try again.',
  contactPrompt: 'Please share your phone number with the button below, so that I know who you are.',
  contactButton: 'Share my phone number',
  contactThanks: 'Thank you. Please go on.',
  contactNotOwn: 'This is the contact of somebody else. Please share your own with the button.',
  approvalPrompt: 'May I do this?',
  approve: 'Yes',
  reject: 'No',
  approved: 'Approved.',
  rejected: 'Declined.',
  approvalGone: 'This has been decided already.',
  approvalNotYours: 'Only who asked may decide this.',
  sources: 'Sources:',
};

const commands: BotCommand[] = [
  { command: 'new', description: 'Begin a new conversation' },
  { command: 'stop', description: 'Stop the answer' },
  { command: 'help', description: 'What I can do' },
  { command: 'start', description: 'Say hello' },
];

export const english = { texts, commands };
