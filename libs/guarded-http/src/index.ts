export * from './guarded-http.client';
export * from './guarded-http.error';
