import type { OutboundFrame } from '@roost/contracts';

/** Turns frames into what a person reads in a terminal. Writes tokens as they come, and a reply only once. */
export class ChatView {
  private streaming: string | null = null;
  private isAnswering = false;

  constructor(private readonly write: (text: string) => void) {}

  /** Something was said and has no end yet, as far as was shown. */
  get answering(): boolean {
    return this.isAnswering;
  }

  said(): void {
    this.isAnswering = true;
  }

  show(frame: OutboundFrame): void {
    switch (frame.type) {
      case 'token':
        this.isAnswering = true;
        if (this.streaming === null) this.write('\n');
        this.streaming = (this.streaming ?? '') + frame.content;
        this.write(frame.content);
        return;
      case 'message':
        // Without tokens (another tab's stream was missed, or the reply changed) the reply is written whole.
        if (this.streaming !== frame.content) this.write(`\n${frame.content}`);
        if (frame.message_object.interrupted) this.write(' [stopped]');
        this.endReply();
        return;
      case 'error':
        this.endReply();
        this.line(`! ${frame.content}`);
        return;
      case 'status':
        this.line(`· ${frame.content}`);
        return;
      case 'run':
        if (frame.state === 'started') this.isAnswering = true;
        if (frame.state === 'retrying') this.line(`· ${frame.content}`);
        return;
      case 'tool':
      case 'authorization_request':
      case 'approval_request':
        this.line(`· ${frame.content}`);
        return;
      case 'user_message':
        this.line(`you, elsewhere: ${frame.content}`);
        return;
      case 'resync':
        for (const { role, content } of frame.messages)
          this.line(`${role === 'user' ? 'you' : 'agent'}: ${content}`);
        return;
    }
  }

  private endReply(): void {
    this.streaming = null;
    this.isAnswering = false;
    this.write('\n\n');
  }

  private line(text: string): void {
    this.write(`${this.streaming === null ? '' : '\n'}${text}\n`);
  }
}
