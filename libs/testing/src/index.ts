export * from './readme.section';
