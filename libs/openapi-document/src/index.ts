export { DocumentError } from './document.error';
export {
  type ArgumentPlace,
  type DocumentArgument,
  type DocumentOperation,
  readOperations,
} from './operations';
export { serverOf } from './server';
