import { Initial1795362282197 } from './1795362282197-initial';

/** In the order in which they are applied. */
export const migrations = [Initial1795362282197];
