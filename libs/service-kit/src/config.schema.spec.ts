import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, describeConfig, flag, integer, loadConfig, redactConfig, text } from './config.schema';

const schema = z.object({
  PORT: integer(1, 65_535).default(8000).meta({ description: 'The port' }),
  TOKEN: text().meta({ description: 'A secret', secret: true }),
  DATABASE_URL: text().optional().meta({ description: 'Where the data is' }),
  DOCS: flag().default(true).meta({ description: 'Serve docs' }),
});

describe('the environment', () => {
  it('is read with its defaults, and an empty variable counts as absent', () => {
    expect(loadConfig(schema, { TOKEN: 't', PORT: '', DOCS: 'false' })).toEqual({
      PORT: 8000,
      TOKEN: 't',
      DOCS: false,
    });
  });

  it('that does not fit names each variable, what it is for, and never its value', () => {
    const load = () => loadConfig(schema, { PORT: 'canary-value' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/PORT: .*The port/);
    expect(load).toThrow(/TOKEN: is required \(A secret\)/);
    expect(load).not.toThrow(/canary/);
  });

  it('is logged without secrets and passwords', () => {
    const config = loadConfig(schema, { TOKEN: 'canary', DATABASE_URL: 'postgres://me:canary@db/x' });
    expect(JSON.stringify(redactConfig(schema, config))).not.toContain('canary');
  });

  it('is described with one row a variable', () => {
    expect(describeConfig(schema)).toEqual([
      { name: 'PORT', default: '8000', description: 'The port' },
      { name: 'TOKEN', default: 'required', description: 'A secret' },
      { name: 'DATABASE_URL', default: '', description: 'Where the data is' },
      { name: 'DOCS', default: 'true', description: 'Serve docs' },
    ]);
  });
});
