/** Provides the app's logger (pino) to Nest. */
export const LOGGER = Symbol('Logger');
