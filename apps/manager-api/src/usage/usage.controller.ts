import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PriceListDto, UsagePageDto, UsageQueryDto } from '@roost/contracts/rest';
import { NeedsScope } from '../access/route.decorators';
import { ApiProblems } from '../http/api.decorators';
import { UsageService } from './usage.service';

@ApiTags('usage')
@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get('usage')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'Tokens spent, by day, agent, model and kind of call' })
  @ApiOkResponse({ type: UsagePageDto })
  @ApiProblems('validation_failed', 'invalid_cursor')
  page(@Query() query: UsageQueryDto): Promise<UsagePageDto> {
    return this.usage.page(query);
  }

  @Get('prices')
  @NeedsScope('agents:read')
  @ApiOperation({ summary: 'The price list that costs are reckoned with' })
  @ApiOkResponse({ type: PriceListDto })
  @ApiProblems()
  prices(): Promise<PriceListDto> {
    return this.usage.priceList();
  }

  @Put('prices')
  @NeedsScope('admin')
  @ApiOperation({ summary: 'Replace the price list' })
  @ApiOkResponse({ type: PriceListDto })
  @ApiProblems('validation_failed', 'malformed_json')
  replacePrices(@Body() list: PriceListDto): Promise<PriceListDto> {
    return this.usage.replacePrices(list);
  }
}
