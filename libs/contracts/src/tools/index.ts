export * from './http-request.tool';
export * from './placeholder';
export * from './tool.base';
