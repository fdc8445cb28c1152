import type { ApprovalDecision, InboxEntry, RunnerReport } from '@roost/contracts';
import { vi } from 'vitest';
import type { AgentFixture } from './agent.fixture';

export type Paused = Extract<RunnerReport, { outcome: 'paused' }>;

export const eventually = <Result>(look: () => Promise<Result>): Promise<Result> =>
  vi.waitFor(look, { timeout: 20_000, interval: 20 });

/** What tests of runs that wait for somebody have in common. */
export function useApprovals(agentOf: () => AgentFixture) {
  const pauses = async ({ message_id }: InboxEntry): Promise<Paused[]> =>
    (await agentOf().allReports()).flatMap((report) =>
      report.message_id === message_id && report.outcome === 'paused' ? [report] : [],
    );

  return {
    /** The `nth` time that the run of a message paused. */
    untilPaused: (message: InboxEntry, nth = 1): Promise<Paused> =>
      eventually(async () => {
        const report = (await pauses(message))[nth - 1];
        if (!report) throw new Error('not paused');
        return report;
      }),

    untilEnded: (message: InboxEntry): Promise<RunnerReport> =>
      eventually(async () => {
        const report = (await agentOf().allReports()).find(
          ({ message_id, outcome }) => message_id === message.message_id && outcome !== 'paused',
        );
        if (!report) throw new Error('not ended');
        return report;
      }),

    /** The message comes again with what was decided, as the manager sends it. */
    async resume(
      message: InboxEntry,
      decisions: (Partial<ApprovalDecision> & { decision: ApprovalDecision['decision'] })[],
      { approvals }: Paused,
    ): Promise<void> {
      const agent = agentOf();
      await agent.messaging.streams.add('inbox', agent.agent_id, {
        ...message,
        opens_thread: false,
        pauses: (message.pauses ?? 0) + 1,
        approvals: decisions.map((decision, index) => ({
          approval_id: approvals[index]?.approval_id ?? '',
          ...decision,
        })),
      });
    },
  };
}
