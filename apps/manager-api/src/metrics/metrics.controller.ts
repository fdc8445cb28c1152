import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { MetricsController as SharedMetricsController } from '@roost/service-kit/metrics';
import { Public } from '../access/route.decorators';
import { InternalOnly } from '../http/listeners';

/** `/metrics` for whoever reaches the internal port: the operator's network, and no user's data. */
@ApiExcludeController()
@Public()
@InternalOnly()
@Controller('metrics')
export class MetricsController extends SharedMetricsController {}
