import { commandClientProvider } from './command.client.provider';
import { IntegrationRuntimeController } from './integration-runtime.controller';
import { IntegrationsController } from './integrations.controller';
import { IntegrationsService } from './integrations.service';

export const integrationControllers = [IntegrationRuntimeController, IntegrationsController];
export const integrationProviders = [commandClientProvider, IntegrationsService];
