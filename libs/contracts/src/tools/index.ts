export * from './http-request.tool';
export * from './knowledge-base.tool';
export * from './placeholder';
export * from './tool.base';
export * from './openapi.tool';
