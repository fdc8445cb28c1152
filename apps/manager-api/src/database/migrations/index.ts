import { Initial1795362282197 } from './1795362282197-initial';
import { WakeTimeline1795369500000 } from './1795369500000-wake-timeline';
import { StartLimits1795370400000 } from './1795370400000-start-limits';
import { MessageWhileBusy1795370800000 } from './1795370800000-message-while-busy';
import { WarmPool1795371339000 } from './1795371339000-warm-pool';
import { LostRuns1795373201942 } from './1795373201942-lost-runs';
import { Citations1795380600000 } from './1795380600000-citations';
import { UsageAndUsers1795382748775 } from './1795382748775-usage-and-users';
import { KnowledgeStore1795383100000 } from './1795383100000-knowledge-store';
import { KnowledgeJobs1795383155173 } from './1795383155173-knowledge-jobs';
import { KnowledgeBases1795383199262 } from './1795383199262-knowledge-bases';
import { AgentSecrets1795383341290 } from './1795383341290-agent-secrets';
import { Handoffs1795383942408 } from './1795383942408-handoffs';
import { Approvals1795384209487 } from './1795384209487-approvals';
import { Erasures1795411946744 } from './1795411946744-erasures';
import { Integrations1795780000000 } from './1795780000000-integrations';
import { Traceparent1795790000000 } from './1795790000000-traceparent';

/** In the order in which they are applied. */
export const migrations = [
  Initial1795362282197,
  WakeTimeline1795369500000,
  StartLimits1795370400000,
  MessageWhileBusy1795370800000,
  WarmPool1795371339000,
  LostRuns1795373201942,
  Citations1795380600000,
  UsageAndUsers1795382748775,
  KnowledgeStore1795383100000,
  KnowledgeJobs1795383155173,
  KnowledgeBases1795383199262,
  AgentSecrets1795383341290,
  Handoffs1795383942408,
  Approvals1795384209487,
  Erasures1795411946744,
  Integrations1795780000000,
  Traceparent1795790000000,
];
