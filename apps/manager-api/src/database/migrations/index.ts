import { Initial1795362282197 } from './1795362282197-initial';
import { MessageWhileBusy1795370800000 } from './1795370800000-message-while-busy';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197, MessageWhileBusy1795370800000];
