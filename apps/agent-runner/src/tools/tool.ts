/** What one call of a tool came to; the model is told either way. */
export interface ToolAnswer {
  ok: boolean;
  content: string;
}

export interface ToolCallOptions {
  /** The same whenever the same call is repeated, in this instance or the next. */
  idempotency_key: string;
  signal: AbortSignal;
  asker: Asker;
  /** Has the channel ask the user who they are; what comes of it is in `user_data` of later messages. */
  requestAuthorization: (fields: string[], content: string) => void;
}

/** Whom the run answers, as far as a trusted party vouched for it: the model sets none of this. */
export interface Asker {
  thread_id: string;
  /** Null when the tool is only being tried: there is no conversation. */
  message_id: string | null;
  channel: string;
  user_id: string | null;
  user_data: Record<string, unknown>;
}

/** One thing an agent may do. */
export interface Tool {
  /** Rejects only with the reason of `signal`: a failure is an answer. */
  call: (args: Record<string, unknown>, options: ToolCallOptions) => Promise<ToolAnswer>;
  /** A server holds calls to the schema, which is its own: no code is made of it here. */
  schema_is_remote?: true;
  /** It stands for tools that could not be made. */
  stands_in?: true;
}

/** A tool as the OpenAI protocol describes it to models. */
export interface ToolDefinition {
  type: 'function';
  function: { name: string; description: string; parameters: object };
}

/** The arguments cannot be used; `message` tells the model why. */
export class ToolArgumentError extends Error {
  override readonly name = 'ToolArgumentError';
}

/** The tool cannot do it; `message` tells the model why, and what to do instead. It quotes no secret. */
export class ToolUnavailableError extends Error {
  override readonly name = 'ToolUnavailableError';
}
