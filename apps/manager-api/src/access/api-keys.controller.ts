import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { ApiKeyPageDto, CreateApiKeyDto, CreatedApiKeyDto, PageQueryDto } from '@roost/contracts/rest';
import { ApiIdempotent, ApiProblems } from '../http/api.decorators';
import { ApiKeysService } from './api-keys.service';
import { NeedsScope } from './route.decorators';

@ApiTags('api-keys')
@Controller('api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @NeedsScope('admin')
  @ApiIdempotent()
  @ApiOperation({ summary: 'Make an API key; its secret is shown this once' })
  @ApiCreatedResponse({ type: CreatedApiKeyDto })
  @ApiProblems('validation_failed')
  create(@Body() body: CreateApiKeyDto): Promise<CreatedApiKeyDto> {
    return this.keys.create(body);
  }

  @Get()
  @NeedsScope('admin')
  @ApiOperation({ summary: 'List API keys by their prefixes' })
  @ApiOkResponse({ type: ApiKeyPageDto })
  @ApiProblems('invalid_cursor')
  list(@Query() query: PageQueryDto): Promise<ApiKeyPageDto> {
    return this.keys.list(query);
  }

  @Delete(':api_key_id')
  @HttpCode(204)
  @NeedsScope('admin')
  @ApiOperation({ summary: 'Revoke an API key; its sockets close within a minute' })
  @ApiParam({ name: 'api_key_id', description: 'The key, by its id.', example: 'key_4vJx2pQzW8mNcR6tYbL0sD' })
  @ApiNoContentResponse({ description: 'Revoked, now or before.' })
  @ApiProblems('api_key_not_found')
  async revoke(@Param('api_key_id') api_key_id: string): Promise<void> {
    await this.keys.revoke(api_key_id);
  }
}
