/** The closed catalogue of error codes: what a client may branch on. Texts may change, codes do not. */
export const errorCatalogue = {
  // Requests
  validation_failed: { status: 400, title: 'The request does not fit the schema' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_cursor: { status: 400, title: 'The cursor was not made by this list' },
  credential_in_query: { status: 400, title: 'Credentials are never accepted in the query string' },
  unauthorized: { status: 401, title: 'A valid credential is needed' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  origin_not_allowed: { status: 403, title: 'This Origin may not open a socket' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'The service failed' },
  dependency_unavailable: { status: 503, title: 'A dependency does not answer' },
  shutting_down: { status: 503, title: 'This instance of the service is shutting down' },
  // Concurrency and repeats
  version_conflict: { status: 412, title: 'The agent has changed since it was read' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  idempotency_in_progress: {
    status: 409,
    title: 'The first request with this Idempotency-Key is still under way',
  },
  // Agents
  agent_not_found: { status: 404, title: 'There is no such agent' },
  version_not_found: { status: 404, title: 'There is no such version' },
  instance_not_found: { status: 404, title: 'The agent has no instance' },
  agent_disabled: { status: 409, title: 'The agent is disabled' },
  agent_failed: { status: 409, title: 'The agent could not start' },
  model_key_required: { status: 400, title: 'Another base_url needs its own api_key' },
  secret_required: { status: 400, title: 'A secret must be sent again for another host' },
  // Integrations
  integration_unknown: { status: 404, title: 'There is no such type of integration' },
  integration_not_configured: { status: 409, title: 'The agent has no such integration' },
  integration_token_required: { status: 409, title: 'The integration has no token' },
  integration_conflict: { status: 409, title: 'The bot speaks for another agent' },
  integration_failed: { status: 409, title: 'The messenger refuses the integration' },
  // Threads and messages
  thread_not_found: { status: 404, title: 'There is no such thread' },
  client_message_id_reused: { status: 409, title: 'The client_message_id was used for another message' },
  thread_busy: { status: 409, title: 'The thread still owes an answer' },
  too_many_pending: { status: 429, title: 'Too many messages wait for an answer' },
  // Knowledge
  knowledge_base_not_found: { status: 404, title: 'There is no such knowledge base' },
  document_not_found: { status: 404, title: 'There is no such document' },
  knowledge_base_full: { status: 409, title: 'The knowledge base holds as much as its store takes' },
  knowledge_limit_reached: { status: 409, title: 'There may be no more of these' },
  embedding_unavailable: { status: 503, title: 'The embedding model does not answer' },
  embedding_mismatch: { status: 409, title: 'The stored vectors were made by another embedding model' },
  // Approvals
  approval_not_found: { status: 404, title: 'There is no such request for approval' },
  approval_decided: { status: 409, title: 'The request for approval was decided before' },
  // Tools
  tool_not_found: { status: 404, title: 'The agent has no such tool' },
  tool_timeout: { status: 504, title: 'The tool has not answered in time' },
  // Keys
  api_key_not_found: { status: 404, title: 'There is no such API key' },
  // Sockets
  malformed_frame: { status: 400, title: 'The frame is not a JSON object' },
  unknown_frame_type: { status: 400, title: 'The frame has a type this socket does not know' },
  binary_not_supported: { status: 400, title: 'Frames are text' },
  frame_too_large: { status: 413, title: 'The frame is too large' },
  thread_mismatch: { status: 409, title: 'The connection is bound to another thread' },
  // Runs
  model_unauthorized: { status: 502, title: 'The model provider refused the key' },
  model_not_found: { status: 502, title: 'The model provider does not know the model' },
  model_rate_limited: { status: 502, title: 'The model provider is limiting requests' },
  model_bad_request: { status: 502, title: 'The model provider refused the request' },
  model_unavailable: { status: 502, title: 'The model provider does not answer' },
  model_timeout: { status: 504, title: 'The model provider took too long' },
  model_malformed: { status: 502, title: 'The model provider sent something that is not an answer' },
  run_limit_reached: { status: 500, title: 'The run reached its limit' },
  budget_exhausted: { status: 429, title: 'The agent has spent its budget' },
  run_failed: { status: 500, title: 'The run failed' },
  run_cancelled: { status: 409, title: 'The run was cancelled' },
  run_lost: { status: 500, title: 'The run was lost' },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalogue, code);

/** One field that does not fit. */
export interface FieldError {
  /** Dotted path into the body, or the name of a parameter. */
  field: string;
  message: string;
}

/** An error a client may see. `detail` names the remedy. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly extras: { errors?: FieldError[]; retry_after_s?: number } = {},
  ) {
    super(detail);
  }

  get status(): number {
    return errorCatalogue[this.code].status;
  }
}
