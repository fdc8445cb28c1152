import { Injectable } from '@nestjs/common';
import { type SpentToday, ServiceError } from '@roost/contracts';
import type { PriceListDto, UsageDto, UsagePageDto, UsageQueryDto } from '@roost/contracts/rest';
import { z } from 'zod';
import { PricesRepository } from './prices.repository';
import { type UsageFilter, UsageRepository, type UsageRow } from './usage.repository';

const CURRENCY_DEFAULT = 'USD';
const PRICES_MAX = 1_000;

/** PostgreSQL knows no year 0. */
const Day = z.iso.date().regex(/^(?!0000)/);
const storable = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\0]*$/);
const Cursor = z.tuple([Day, storable(64), storable(200), storable(20)]);

@Injectable()
export class UsageService {
  constructor(
    private readonly usage: UsageRepository,
    private readonly prices: PricesRepository,
  ) {}

  async page(query: UsageQueryDto): Promise<UsagePageDto> {
    const { limit, from, to, agent_id } = query;
    checkDays(from, to);
    const [rows, currency] = await Promise.all([
      this.usage.sums({
        ...{ from: from ?? null, to: to ?? null, agent_id: agent_id ?? null, limit },
        after: query.cursor === undefined ? null : placeOf(query.cursor),
      }),
      this.prices.currency(),
    ]);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      items: shown.map(toUsageDto),
      next_cursor: last ? cursorOf(last) : null,
      currency: currency ?? CURRENCY_DEFAULT,
    };
  }

  spentToday(agent_id: string): Promise<SpentToday> {
    return this.usage.spentToday(agent_id);
  }

  async priceList(): Promise<PriceListDto> {
    const items = await this.prices.list();
    return {
      currency: items[0]?.currency ?? CURRENCY_DEFAULT,
      items: items.map(({ currency: _currency, ...price }) => price),
    };
  }

  async replacePrices(list: PriceListDto): Promise<PriceListDto> {
    const { items } = list;
    if (items.length > PRICES_MAX) throw refused('items', `must be at most ${PRICES_MAX}`);
    const twice = items.findIndex(
      ({ model }, index) => items.findIndex((other) => other.model === model) < index,
    );
    if (twice !== -1) throw refused(`items.${twice}.model`, 'stands in the list twice');
    await this.prices.replace(list);
    return this.priceList();
  }
}

function checkDays(from: string | undefined, to: string | undefined): void {
  for (const [field, day] of Object.entries({ from, to })) {
    if (day !== undefined && !Day.safeParse(day).success) throw refused(field, `${day} is no day`);
  }
  if (from !== undefined && to !== undefined && from > to) throw refused('from', 'must not be after to');
}

const refused = (field: string, message: string): ServiceError =>
  new ServiceError('validation_failed', `${field}: ${message}`, { errors: [{ field, message }] });

const cursorOf = ({ day, agent_id, model, kind }: UsageRow): string =>
  Buffer.from(JSON.stringify([day, agent_id, model, kind])).toString('base64url');

function placeOf(cursor: string): UsageFilter['after'] {
  try {
    const [day, agent_id, model, kind] = Cursor.parse(
      JSON.parse(Buffer.from(cursor, 'base64url').toString()),
    );
    return { day, agent_id, model, kind: kind as UsageRow['kind'] };
  } catch {
    throw new ServiceError(
      'invalid_cursor',
      'Use next_cursor of the page before, unchanged, or leave cursor out.',
    );
  }
}

const toUsageDto = (row: UsageRow): UsageDto => ({
  day: row.day,
  agent_id: row.agent_id,
  model: row.model,
  kind: row.kind,
  calls: Number(row.calls),
  input_tokens: Number(row.input_tokens),
  output_tokens: Number(row.output_tokens),
  cost: row.cost,
});
