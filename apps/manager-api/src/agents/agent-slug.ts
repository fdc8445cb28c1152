import { AGENT_SLUG_MAX } from '@roost/contracts';
import { transliterate } from 'transliteration';

/** The readable part of an agent's id: `Привет, мир!` becomes `privet_mir`; a name without letters becomes `agent`. */
export function agentSlug(name: string): string {
  const slug = transliterate(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, AGENT_SLUG_MAX)
    .replace(/^_+|_+$/g, '');
  return slug || 'agent';
}
