/** Statements of the manager as they stand on PostgreSQL's wire, parsed anew or by their prepared name. */
export const statements = {
  accept: /accept-message/,
  commitReply: /commit-reply/,
  commit: /^Q....COMMIT\0/s,
} as const;
