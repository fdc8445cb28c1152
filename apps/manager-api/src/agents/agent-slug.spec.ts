import { AGENT_SLUG_MAX, newAgentId, AGENT_ID_PATTERN } from '@roost/contracts';
import { describe, expect, it } from 'vitest';
import { agentSlug } from './agent-slug';

describe('the slug of an agent', () => {
  it.each([
    ['Opening hours', 'opening_hours'],
    ['Привет, мир!', 'privet_mir'],
    ['  __Very   odd--name__  ', 'very_odd_name'],
    ['Ünïcode straße', 'unicode_strasse'],
    ['!!!', 'agent'],
    ['日本', 'ri_ben'],
  ])('of %j is %j', (name, slug) => {
    expect(agentSlug(name)).toBe(slug);
  });

  it('is cut at 40 characters and never ends in an underscore', () => {
    const slug = agentSlug(`${'a'.repeat(AGENT_SLUG_MAX - 1)} bcd`);
    expect(slug).toBe('a'.repeat(AGENT_SLUG_MAX - 1));
    expect(newAgentId(slug)).toMatch(AGENT_ID_PATTERN);
  });
});
