import { Initial1795780100000 } from './1795780100000-initial';
import { BotRevision1795992300000 } from './1795992300000-bot-revision';

/** In the order in which they are applied. */
export const migrations = [Initial1795780100000, BotRevision1795992300000];
