import { FactsController } from './facts.controller';
import { FactsRepository } from './facts.repository';
import { UsersController } from './users.controller';
import { UsersRepository } from './users.repository';
import { UsersService } from './users.service';

export const userControllers = [FactsController, UsersController];
export const userProviders = [FactsRepository, UsersRepository, UsersService];
