import { applyDecorators, UseFilters } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import type { CommandAnswer, CommandEventName, CommandName, CommandRequest } from '@roost/contracts';
import type { CommandContext } from './command.context';
import { CommandErrorFilter } from './command-error.filter';

type Decorates<Handler> = <Method extends Handler>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * `@MessagePattern` for a command of the map: the compiler holds the method to its request and answer, and a
 * `ServiceError` it throws reaches the caller with its code. The method may be called twice for one request.
 */
export const HandlesCommand = <Name extends CommandName>(
  name: Name,
): Decorates<(request: CommandRequest<Name>, context: CommandContext) => Promise<CommandAnswer<Name>>> =>
  applyDecorators(MessagePattern(name), UseFilters(CommandErrorFilter));

/**
 * `@EventPattern` for an event of the map. The method may be called twice for one event; when it throws, it is called
 * again after some seconds, on any replica, until the event's life is over.
 */
export const HandlesEvent = <Name extends CommandEventName>(
  name: Name,
): Decorates<(event: CommandRequest<Name>, context: CommandContext) => Promise<void>> =>
  applyDecorators(EventPattern<Name>(name), UseFilters(CommandErrorFilter));
