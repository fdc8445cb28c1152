export * from './http-request.tool';
