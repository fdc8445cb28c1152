export { type CommandCallsOptions } from './command.calls';
export { CommandClient } from './command.client';
export { CommandContext } from './command.context';
export { HandlesCommand, HandlesEvent } from './command.decorators';
export { COMMAND_LIFE_MS_MAX } from './command.entry';
export { CommandErrorFilter } from './command-error.filter';
export { COMMANDS_MAX } from './command.queue';
export { TAKEOVER_IDLE_MS } from './command.worker';
export {
  CommandRecord,
  EVENT_LIFE_MS,
  REQUEST_WAIT_MS,
  StreamTransportClient,
} from './stream-transport.client';
export {
  COMMANDS_AT_ONCE,
  DRAIN_MS,
  StreamTransportServer,
  type StreamTransportServerOptions,
} from './stream-transport.server';
