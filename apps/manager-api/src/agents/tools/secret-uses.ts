import { openapiOrigin } from './openapi.check';
import { originOf } from './origin';
import { type AgentTool, type FieldError, placeholdersIn } from '@roost/contracts';

/** A secret that a tool sends somewhere. */
export interface SecretUse {
  name: string;
  /** Scheme, host and port it goes to. */
  origin: string;
  field: string;
}

interface SecretPlaces<Tool> {
  /** Where `{secret.name}` may stand. */
  fields: readonly (keyof Tool & string)[];
  /** Where what stands there is sent; null when that is not known. */
  origin: (tool: Tool) => string | null;
}

/** Types of tools that may use secrets; the others may not. */
const places: { [Type in AgentTool['type']]?: SecretPlaces<Extract<AgentTool, { type: Type }>> } = {
  mcp: { fields: ['headers'], origin: ({ url }) => originOf(url) },
  http_request: { fields: ['headers', 'query', 'body'], origin: ({ url }) => originOf(url) },
  openapi: { fields: ['headers'], origin: openapiOrigin },
};

/** Texts that are sent nowhere. */
const NOT_SENT: readonly string[] = ['description', 'parameters', 'document', 'operations'];

/** Every use of a secret by these tools; call {@link secretProblems} first. */
export function secretUses(tools: readonly AgentTool[]): SecretUse[] {
  return tools.flatMap((tool, index) => {
    const { fields, origin } = placesOf(tool);
    const to = origin(tool);
    if (to === null) return [];
    return fields.flatMap((field) =>
      secretsIn(tool, field).map((name) => ({ name, origin: to, field: `tools.${index}.${field}` })),
    );
  });
}

/** Secrets that stand where none may, or that would go nobody knows where. */
export function secretProblems(tool: AgentTool): FieldError[] {
  const { fields, origin } = placesOf(tool);
  const unsure = origin(tool) === null;
  return Object.keys(tool).flatMap((field) => {
    if (NOT_SENT.includes(field) || secretsIn(tool, field).length === 0) return [];
    if (fields.includes(field) && !unsure) return [];
    const message = unsure
      ? 'secrets may stand here only where the host they go to is written in the configuration'
      : `secrets may stand in ${fields.join(', ')} only`;
    return [{ field, message }];
  });
}

const placesOf = (
  tool: AgentTool,
): { fields: readonly string[]; origin: (tool: AgentTool) => string | null } =>
  (places[tool.type] as unknown as SecretPlaces<AgentTool> | undefined) ?? { fields: [], origin: () => '' };

const secretsIn = (tool: AgentTool, field: string): string[] =>
  placeholdersIn((tool as unknown as Record<string, unknown>)[field] ?? null)
    .filter(({ source }) => source === 'secret')
    .map(({ name }) => name);
