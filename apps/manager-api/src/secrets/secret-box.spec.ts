import { describe, expect, it } from 'vitest';
import { testConfig } from '../test/test-config';
import { SecretBox } from './secret-box';

describe('a sealed secret', () => {
  const box = new SecretBox(testConfig());

  it('opens where it belongs, and shows nothing before', () => {
    const sealed = box.seal('sk-canary', 'agent_a_1234');
    expect(sealed).not.toContain('canary');
    expect(box.open(sealed, 'agent_a_1234')).toBe('sk-canary');
  });

  it('does not open elsewhere', () => {
    expect(() => box.open(box.seal('sk-canary', 'agent_a_1234'), 'agent_b_1234')).toThrow();
  });

  it('does not open when a bit of it was changed', () => {
    const sealed = box.seal('sk-canary', 'here');
    const changed = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(() => box.open(changed, 'here')).toThrow();
  });

  it('says whose key sealed it when SECRETS_KEY is another', () => {
    const other = new SecretBox(testConfig({ SECRETS_KEY: Buffer.alloc(32, 9).toString('base64') }));
    expect(() => other.open(box.seal('x', 'here'), 'here')).toThrow(/restore the former key/);
  });

  it('never looks the same twice', () => {
    expect(box.seal('x', 'here')).not.toBe(box.seal('x', 'here'));
  });
});
