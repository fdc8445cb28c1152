import { Initial1795780100000 } from './1795780100000-initial';
import { BotRevision1795992300000 } from './1795992300000-bot-revision';
import { Traceparent1796050000000 } from './1796050000000-traceparent';

/** In the order in which they are applied. */
export const migrations = [Initial1795780100000, BotRevision1795992300000, Traceparent1796050000000];
