/** What PostgreSQL takes of a text: it stores neither NUL nor half a surrogate pair, and would refuse the row for ever. */
export const storableText = (text: string): string => text.replaceAll(/\0|\p{Surrogate}/gu, '\ufffd');
