import { applyDecorators, type Type as Class } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions, getSchemaPath } from '@nestjs/swagger';
import { Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsNumber,
  IsObject,
  IsString,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/**
 * One declaration a field: it validates, documents and defaults. A field is required unless it has a `default`,
 * or is `optional` (may be absent), or `nullable` (may be null, and is null when absent).
 */
interface FieldOptions {
  description: string;
  example: unknown;
  optional?: boolean;
  nullable?: boolean;
  default?: unknown;
  /** Accepted, never returned. */
  writeOnly?: boolean;
}

function field(
  options: FieldOptions & { makeDefault?: () => unknown },
  schema: ApiPropertyOptions,
  ...rules: PropertyDecorator[]
): PropertyDecorator {
  const { description, example, optional, nullable, writeOnly } = options;
  const fallback = options.default ?? (nullable ? null : undefined);
  const makeDefault = options.makeDefault ?? (() => structuredClone(fallback));
  const mayBeAbsent = optional === true || fallback !== undefined;
  const documented = {
    ...schema,
    description,
    example,
    required: !mayBeAbsent,
    ...(nullable ? { nullable } : {}),
    ...(writeOnly ? { writeOnly } : {}),
    ...(options.default === undefined ? {} : { default: options.default }),
  } as ApiPropertyOptions;
  return applyDecorators(
    ApiProperty(documented),
    // Exposed, so that the default is applied to a property that is not there.
    ...(fallback === undefined
      ? []
      : [
          Expose(),
          Transform(({ value }: { value: unknown }) => (value === undefined ? makeDefault() : value), {
            toClassOnly: true,
          }),
        ]),
    ...(nullable ? [ValidateIf((_object, value) => value !== null)] : []),
    ...(mayBeAbsent ? [ValidateIf((_object, value) => value !== undefined)] : []),
    ...rules,
  );
}

export const StringField = (
  options: FieldOptions & { min?: number; max: number; pattern?: RegExp; patternMessage?: string },
): PropertyDecorator =>
  field(
    options,
    {
      type: String,
      minLength: options.min ?? 0,
      maxLength: options.max,
      ...(options.pattern ? { pattern: options.pattern.source } : {}),
    },
    IsString(),
    MinLength(options.min ?? 0),
    MaxLength(options.max),
    ...(options.pattern
      ? [Matches(options.pattern, options.patternMessage ? { message: options.patternMessage } : {})]
      : []),
  );

export const UrlField = (options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { type: String, format: 'uri', maxLength: 2_000 },
    MaxLength(2_000),
    IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, disallow_auth: true }),
  );

export const EnumField = (options: FieldOptions & { values: readonly string[] }): PropertyDecorator =>
  field(options, { type: String, enum: [...options.values] }, IsIn(options.values));

export const EnumListField = (options: FieldOptions & { values: readonly string[] }): PropertyDecorator =>
  field(
    options,
    { type: 'array', items: { type: 'string', enum: [...options.values] } },
    IsArray(),
    ArrayUnique(),
    ArrayMaxSize(options.values.length),
    IsIn(options.values, { each: true }),
  );

/** A list of texts; `max` bounds how many. */
export const StringListField = (options: FieldOptions & { max?: number }): PropertyDecorator =>
  field(
    options,
    {
      type: 'array',
      items: { type: 'string' },
      ...(options.max === undefined ? {} : { maxItems: options.max }),
    },
    IsArray(),
    ...(options.max === undefined ? [] : [ArrayMaxSize(options.max)]),
    IsString({ each: true }),
  );

/** A list of different texts, each with at most `max` characters. */
export const TextListField = (
  options: FieldOptions & { items_min: number; items_max: number; max: number; pattern: RegExp },
): PropertyDecorator =>
  field(
    options,
    {
      type: 'array',
      minItems: options.items_min,
      maxItems: options.items_max,
      uniqueItems: true,
      items: { type: 'string', maxLength: options.max, pattern: options.pattern.source },
    },
    IsArray(),
    ArrayMinSize(options.items_min),
    ArrayMaxSize(options.items_max),
    ArrayUnique(),
    IsString({ each: true }),
    MaxLength(options.max, { each: true }),
    Matches(options.pattern, { each: true }),
  );

export const BooleanField = (options: FieldOptions): PropertyDecorator =>
  field(options, { type: Boolean }, IsBoolean());

export const IntegerField = (options: FieldOptions & { min: number; max: number }): PropertyDecorator =>
  field(
    options,
    { type: 'integer', minimum: options.min, maximum: options.max },
    IsInt(),
    Min(options.min),
    Max(options.max),
  );

/** A list of different whole numbers. */
export const IntegerListField = (
  options: FieldOptions & { items_max: number; min: number; max: number },
): PropertyDecorator =>
  field(
    options,
    {
      type: 'array',
      maxItems: options.items_max,
      uniqueItems: true,
      items: { type: 'integer', minimum: options.min, maximum: options.max },
    },
    IsArray(),
    ArrayMaxSize(options.items_max),
    ArrayUnique(),
    IsInt({ each: true }),
    Min(options.min, { each: true }),
    Max(options.max, { each: true }),
  );

export const NumberField = (options: FieldOptions & { min: number; max: number }): PropertyDecorator =>
  field(
    options,
    { type: 'number', minimum: options.min, maximum: options.max },
    IsNumber({ allowNaN: false, allowInfinity: false }),
    Min(options.min),
    Max(options.max),
  );

/** RFC 3339, UTC. */
export const TimeField = (options: Omit<FieldOptions, 'example'>): PropertyDecorator =>
  field(
    { ...options, example: '2026-01-31T12:00:00.000Z' },
    { type: String, format: 'date-time' },
    IsISO8601(),
  );

/** A flat object; deep checks belong to the service. */
export const ObjectField = (options: FieldOptions): PropertyDecorator =>
  field(options, { type: 'object', additionalProperties: true }, IsObject());

/** An object of its own class; absent parts take its defaults when `default` is `{}`. */
export const NestedField = (type: () => Class, options: FieldOptions): PropertyDecorator =>
  field(
    // Only the class knows the defaults of its parts.
    options.default === undefined
      ? options
      : { ...options, makeDefault: () => plainToInstance(type(), options.default) as unknown },
    // Swagger takes a function for a lazy class by this very name alone.
    { type: () => type() },
    Type(type),
    ValidateNested(),
    IsObject(),
  );

/** A list of objects told apart by their `type`; one of no known type is read as `otherwise`, which refuses it. */
export const UnionListField = (
  options: FieldOptions & {
    types: Record<string, Class>;
    otherwise: Class;
    max: number;
    unique: (item: never) => unknown;
    uniqueMessage?: string;
  },
): PropertyDecorator => {
  const types = Object.entries(options.types);
  return field(
    options,
    {
      type: 'array',
      maxItems: options.max,
      items: {
        oneOf: types.map(([, type]) => ({ $ref: getSchemaPath(type) })),
        discriminator: {
          propertyName: 'type',
          mapping: Object.fromEntries(types.map(([name, type]) => [name, getSchemaPath(type)])),
        },
      },
    },
    // class-transformer's own discriminator fails on an item that is null.
    Transform(
      ({ value }: { value: unknown }) =>
        Array.isArray(value) ? value.map((item: unknown) => instanceOf(options, item)) : value,
      { toClassOnly: true },
    ),
    IsArray(),
    ArrayMaxSize(options.max),
    ArrayUnique(options.unique as (item: unknown) => unknown, {
      message: `$property: ${options.uniqueMessage ?? 'every name must be another'}`,
    }),
    ValidateNested({ each: true }),
  );
};

function instanceOf(
  { types, otherwise }: { types: Record<string, Class>; otherwise: Class },
  item: unknown,
): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const { type } = item as { type?: unknown };
  const known = typeof type === 'string' && Object.hasOwn(types, type) ? types[type] : undefined;
  return plainToInstance(known ?? otherwise, item) as unknown;
}

/** A list of objects, in answers. */
export const ItemsField = (type: () => Class, options: FieldOptions): PropertyDecorator =>
  field(
    options,
    { type: () => type(), isArray: true },
    Type(type),
    IsArray(),
    ValidateNested({ each: true }),
  );
