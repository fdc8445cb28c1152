import type { Topics } from '@roost/messaging';
import type { ApprovalsService } from '../approvals/approvals.service';
import type { CancellingService } from '../cancelling/cancelling.service';
import type { AgentsRepository } from '../agents/agents.repository';
import type { ChatAccess } from './chat-access.service';
import type { MessagesService } from './messages.service';
import type { ThreadFeed } from './thread-feed.service';

/** What a session needs of the service around it. */
export interface ChatServices {
  access: ChatAccess;
  agents: AgentsRepository;
  approvals: ApprovalsService;
  cancelling: CancellingService;
  messages: MessagesService;
  feed: ThreadFeed;
  topics: Topics;
  buffer_bytes: number;
}
