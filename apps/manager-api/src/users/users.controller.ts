import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { PageQueryDto, UserFactPageDto } from '@roost/contracts/rest';
import { NeedsScope } from '../access/route.decorators';
import { ApiProblems } from '../http/api.decorators';
import { UsersService } from './users.service';

const USER_ID = {
  name: 'external_user_id',
  description: 'The `user_id` that messages and chat tokens name.',
  example: 'customer-42',
};

@ApiTags('users')
@Controller('users/:external_user_id')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get('facts')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'What agents remember of a user across threads, newest first' })
  @ApiParam(USER_ID)
  @ApiOkResponse({ type: UserFactPageDto })
  @ApiProblems('validation_failed', 'invalid_cursor')
  facts(@Param('external_user_id') user_id: string, @Query() query: PageQueryDto): Promise<UserFactPageDto> {
    return this.users.factsOf(user_id, query);
  }

  @Delete()
  @HttpCode(204)
  @NeedsScope('agents:write')
  @ApiOperation({
    summary: 'Erase a user: facts, threads with their messages, and what they wrote to threads of others',
  })
  @ApiParam(USER_ID)
  @ApiNoContentResponse({ description: 'Erased, now or before.' })
  @ApiProblems()
  async erase(@Param('external_user_id') user_id: string): Promise<void> {
    await this.users.erase(user_id);
  }
}
