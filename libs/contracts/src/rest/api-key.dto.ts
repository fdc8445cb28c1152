import { EnumListField, ItemsField, StringField, TimeField } from './field.decorators';

/** What a key may do. `admin` includes all others. */
export const scopes = [
  'agents:read',
  'agents:write',
  'agents:run',
  'knowledge:read',
  'knowledge:write',
  'users:assert',
  'integrations:serve',
  'admin',
] as const;
export type Scope = (typeof scopes)[number];

export class CreateApiKeyDto {
  @StringField({ description: 'What it is for.', example: 'website backend', min: 1, max: 120 })
  name!: string;

  @EnumListField({
    description: 'What it may do; `admin` includes all others.',
    example: ['agents:read', 'agents:run'],
    values: scopes,
  })
  scopes!: Scope[];
}

export class ApiKeyDto {
  @StringField({ description: 'The key as a record, not as a secret.', example: 'key_Zk3…', max: 64 })
  id!: string;

  @StringField({ description: 'What it is for.', example: 'website backend', max: 120 })
  name!: string;

  @StringField({ description: 'How the secret begins.', example: 'roost_Ab12Cd', max: 20 })
  prefix!: string;

  @EnumListField({ description: 'What it may do.', example: ['agents:read', 'agents:run'], values: scopes })
  scopes!: Scope[];

  @TimeField({ description: 'When it was made.' })
  created_at!: string;

  @TimeField({ description: 'When it was revoked.', nullable: true })
  revoked_at!: string | null;
}

export class CreatedApiKeyDto extends ApiKeyDto {
  @StringField({ description: 'The secret. Shown this once.', example: 'roost_Ab12Cd…', max: 100 })
  key!: string;
}

export class ApiKeyPageDto {
  @ItemsField(() => ApiKeyDto, { description: 'Newest first.', example: [] })
  items!: ApiKeyDto[];

  @StringField({
    description: 'Ask again with `cursor=` this for more; null at the end.',
    example: null,
    max: 500,
    nullable: true,
  })
  next_cursor!: string | null;
}
