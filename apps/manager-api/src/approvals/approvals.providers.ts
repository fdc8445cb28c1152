import { ApprovalsController } from './approvals.controller';
import { ApprovalsRepository } from './approvals.repository';
import { ApprovalsService } from './approvals.service';
import { PausesRepository } from './pauses.repository';
import { RunPauses } from './pauses.service';

export const approvalControllers = [ApprovalsController];
export const approvalProviders = [ApprovalsRepository, ApprovalsService, PausesRepository, RunPauses];
