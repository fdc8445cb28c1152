import { createHash } from 'node:crypto';

const PREFIX = 'roost';
const DIGEST_LENGTH = 12;
const MAX_LABEL_LENGTH = 63;
const MAX_SLUG_LENGTH = MAX_LABEL_LENGTH - PREFIX.length - DIGEST_LENGTH - 2;

/**
 * The name an instance bears on its platform: a DNS-1123 label (RFC 1123 §2.1; at most 63 of `[a-z0-9-]`,
 * beginning and ending with a letter or digit). A readable slug of the id, then a digest of installation and
 * id: ids that differ only in what a label cannot hold, and equal ids of two installations, get different names.
 */
export function instanceName(installation: string, instance_id: string): string {
  const slug = instance_id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/^-|-$/g, '');
  const digest = createHash('sha256').update(`${installation}\n${instance_id}`).digest('hex');
  return [PREFIX, slug, digest.slice(0, DIGEST_LENGTH)].filter((part) => part !== '').join('-');
}
