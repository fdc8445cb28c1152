import { sharedStack } from '@roost/devstack';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PreparedStatement } from './prepared.statement';

describe('a prepared statement', () => {
  let database: DataSource;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const created = await (await sharedStack()).createDatabase('prepared');
    drop = () => created.drop();
    // One connection, which keeps the plan.
    database = await new DataSource({ type: 'postgres', url: created.url, extra: { max: 1 } }).initialize();
    await database.query('CREATE TABLE notes (id int PRIMARY KEY, text text)');
  });
  afterAll(async () => {
    await database.destroy();
    await drop();
  });

  it('goes on when a migration adds a column', async () => {
    const add = new PreparedStatement('add-note', 'INSERT INTO notes VALUES ($1, $2) RETURNING id, text');
    expect(await add.run(database, [1, 'one'])).toEqual([{ id: 1, text: 'one' }]);
    await database.query('ALTER TABLE notes ADD of_a_later_release text');
    expect(await add.run(database, [2, 'two'])).toEqual([{ id: 2, text: 'two' }]);
  });

  it('fails once a connection when a migration changes a type', async () => {
    const find = new PreparedStatement('find-note', 'SELECT id FROM notes WHERE id = $1');
    await find.run(database, [1]);
    await database.query('ALTER TABLE notes ALTER id TYPE bigint');
    await expect(find.run(database, [1])).rejects.toMatchObject({ code: '0A000' });
    expect(await find.run(database, [1])).toEqual([{ id: '1' }]);
  });

  it.each(['INSERT INTO notes VALUES ($1) RETURNING *', 'SELECT n.* FROM notes n'])(
    'that names no columns is refused: %s',
    (text) => expect(() => new PreparedStatement('x', text)).toThrow('must name its columns'),
  );
});
