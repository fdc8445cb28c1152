export * from './http-request.tool';
export * from './placeholder';
export * from './openapi.tool';
