import { Inject, Injectable } from '@nestjs/common';
import {
  APPROVAL_ARGUMENTS_BYTES_MAX,
  type ApprovalInput,
  type FieldError,
  ServiceError,
} from '@roost/contracts';
import type { ApprovalDto, ApprovalPageDto, DecideApprovalDto, PageQueryDto } from '@roost/contracts/rest';
import type { Logger } from 'pino';
import { isDeepStrictEqual } from 'node:util';
import { ownerOf, type Principal } from '../access/principal';
import { ChatAccess } from '../chat/chat-access.service';
import { byCreation, pageRequest, toPage } from '../database/page';
import { InboxService } from '../lifecycle/inbox.service';
import { LifecycleService } from '../lifecycle/lifecycle.service';
import { LOGGER } from '../logging';
import type { ApprovalEntity } from './approval.entity';
import { toApprovalDto } from './approval.views';
import { ApprovalsRepository, type Verdict } from './approvals.repository';

/** Requests that one round of {@link ApprovalsService.expire} ends. */
const EXPIRED_MAX = 200;

/** What people make of calls that runs wait to make. */
@Injectable()
export class ApprovalsService {
  constructor(
    private readonly access: ChatAccess,
    private readonly approvals: ApprovalsRepository,
    private readonly inbox: InboxService,
    private readonly lifecycle: LifecycleService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async list(principal: Principal, thread_id: string, query: PageQueryDto): Promise<ApprovalPageDto> {
    await this.access.findThread(principal, thread_id);
    const request = pageRequest(query);
    return toPage(await this.approvals.page(thread_id, request), request, byCreation, toApprovalDto);
  }

  /** @throws {ServiceError} `unauthorized` for who may read the thread but not write to it, and as {@link decide} */
  async request(
    principal: Principal,
    thread_id: string,
    approval_id: string,
    decision: DecideApprovalDto,
  ): Promise<ApprovalDto> {
    const thread = await this.access.findThread(principal, thread_id);
    await this.access.checkAgent(principal, thread.agent_id);
    return this.decide(principal, thread_id, { approval_id, ...decision });
  }

  /**
   * Resolves once the decision is committed; repeating it is harmless. The caller has checked who asks.
   * @throws {ServiceError} `approval_not_found`, `approval_decided`, `validation_failed`
   */
  async decide(principal: Principal, thread_id: string, input: ApprovalInput): Promise<ApprovalDto> {
    const verdict = verdictOf(principal, input);
    const approval = await this.settle(thread_id, input.approval_id, verdict);
    if (!approval) throw new ServiceError('approval_not_found', 'Look the id up with GET …/approvals.');
    const { state, edited_arguments } = approval;
    if (state !== verdict.state || !isDeepStrictEqual(edited_arguments, verdict.edited_arguments))
      throw new ServiceError('approval_decided', `It is ${state}; nothing was changed.`);
    return toApprovalDto(approval);
  }

  /** Rejects what nobody has decided in its time. */
  async expire(): Promise<void> {
    for (const { id, thread_id } of await this.approvals.listOverdue(EXPIRED_MAX)) {
      const reason = 'nobody decided in time';
      await this.settle(thread_id, id, {
        state: 'expired',
        edited_arguments: null,
        reason,
        decided_by: null,
      });
    }
  }

  private async settle(thread_id: string, id: string, verdict: Verdict): Promise<ApprovalEntity | null> {
    const decided = await this.approvals.decide(thread_id, id, verdict);
    if (!decided) return null;
    const { approval, now, resumed } = decided;
    const { agent_id, message_id } = approval;
    if (now) {
      const { state, decided_by, tool } = approval;
      this.logger.info(
        { agent_id, thread_id, message_id, approval_id: id, tool, state, decided_by },
        'decided',
      );
    }
    if (resumed) this.goOn(agent_id, thread_id);
    return approval;
  }

  /** Committed is what counts: the reconciler repeats the rest. */
  private goOn(agent_id: string, thread_id: string): void {
    for (const step of [this.inbox.resume(agent_id, thread_id), this.lifecycle.wake(agent_id)])
      step.catch((error: unknown) =>
        this.logger.warn({ err: error, agent_id, thread_id }, 'the reconciler lets this run go on'),
      );
  }
}

/** @throws {ServiceError} `validation_failed` */
function verdictOf(principal: Principal, input: ApprovalInput): Verdict {
  const { decision, reason = null } = input;
  checkArguments(input);
  const base = { reason, edited_arguments: null, decided_by: ownerOf(principal) };
  switch (decision) {
    case 'approve':
      return { ...base, state: 'approved' };
    case 'edit':
      return { ...base, state: 'edited', edited_arguments: asStored(input.arguments ?? {}) };
    case 'reject':
      return { ...base, state: 'rejected' };
  }
}

/** PostgreSQL knows neither -0 nor numbers beyond all bounds. */
const asStored = (edited: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(edited)) as Record<string, unknown>;

function checkArguments({ decision, arguments: edited }: ApprovalInput): void {
  if (decision === 'edit' && edited === undefined) fail('must be there with `edit`');
  if (decision !== 'edit' && edited !== undefined) fail('may be there with `edit` only');
  if (edited && Buffer.byteLength(JSON.stringify(edited)) > APPROVAL_ARGUMENTS_BYTES_MAX)
    fail(`must have at most ${APPROVAL_ARGUMENTS_BYTES_MAX} bytes as JSON`);
}

function fail(message: string): never {
  const errors: FieldError[] = [{ field: 'arguments', message }];
  throw new ServiceError('validation_failed', `arguments: ${message}`, { errors });
}
