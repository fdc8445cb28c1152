import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits behind a prefix that tells people and scanners what it is. */
export const newSecret = (prefix: 'roost' | 'inst'): string =>
  `${prefix}_${randomBytes(32).toString('base64url')}`;

/** Secrets with 256 random bits are found by their SHA-256; no slow hash is needed. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
