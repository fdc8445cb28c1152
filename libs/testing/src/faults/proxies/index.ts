export type { ServerAddress } from './address';
export { engineAddress, engineCalls } from './engine.proxy';
export type { Fault, FaultRule } from './fault';
export { FaultProxy } from './fault.proxy';
export { statements } from './statements';
