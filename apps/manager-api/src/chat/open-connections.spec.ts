import { describe, expect, it } from 'vitest';
import { OpenConnections } from './open-connections';

describe('open connections', () => {
  it('are counted for each subject alone, and a place given back twice is one place', () => {
    const connections = new OpenConnections();
    const give_back = connections.take('ada', 2);
    connections.take('ada', 2);
    expect(connections.take('ada', 2)).toBeNull();
    expect(connections.take('bob', 2)).not.toBeNull();

    give_back?.();
    give_back?.();
    expect(connections.take('ada', 2)).not.toBeNull();
    expect(connections.take('ada', 2)).toBeNull();
  });

  it('leave nothing behind of subjects that are gone', () => {
    const connections = new OpenConnections();
    connections.take('ada', 1)?.();
    expect(connections.size).toBe(0);
  });
});
