import { Body, Controller, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ImportAgentDto, ImportedAgentDto } from '@roost/contracts/rest';
import type { Principal } from '../../access/principal';
import { CurrentPrincipal, NeedsScope } from '../../access/route.decorators';
import { ApiIdempotent, ApiProblems } from '../../http/api.decorators';
import { AgentImportService } from './import.service';

@ApiTags('agents')
@Controller('agents/import')
export class AgentImportController {
  constructor(private readonly imports: AgentImportService) {}

  @Post()
  @NeedsScope('agents:write')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Create an agent from a configuration of the Python service' })
  @ApiCreatedResponse({ type: ImportedAgentDto })
  @ApiProblems('validation_failed', 'malformed_json', 'model_key_required', 'payload_too_large')
  import(@CurrentPrincipal() principal: Principal, @Body() body: ImportAgentDto): Promise<ImportedAgentDto> {
    return this.imports.import(principal, body);
  }
}
