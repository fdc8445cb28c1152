import { Initial1795361654633 } from './1795361654633-initial';

/** In the order in which they are applied. */
export const migrations = [Initial1795361654633];
