import { Initial1795780100000 } from './1795780100000-initial';

/** In the order in which they are applied. */
export const migrations = [Initial1795780100000];
