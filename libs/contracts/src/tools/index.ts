export * from './http-request.tool';
export * from './placeholder';
