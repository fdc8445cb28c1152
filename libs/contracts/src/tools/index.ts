export * from './handoff.tool';
export * from './http-request.tool';
export * from './mcp.tool';
export * from './request-authorization.tool';
export * from './user-info.tool';
export * from './web-search.tool';
