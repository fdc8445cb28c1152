import { BudgetController } from './budget.controller';
import { PricesRepository } from './prices.repository';
import { UsageController } from './usage.controller';
import { UsageRepository } from './usage.repository';
import { UsageService } from './usage.service';

export const usageControllers = [BudgetController, UsageController];
export const usageProviders = [PricesRepository, UsageRepository, UsageService];
