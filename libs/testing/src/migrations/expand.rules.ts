interface Statements {
  query(sql: string): Promise<unknown>;
}

/** A migration that takes something away says why no code that runs needs it any more. */
export interface Step {
  contract?: string;
}

const NAME = String.raw`(?:"?\w+"?\.)?"?(?<table>\w+)"?`;
const CREATES = new RegExp(String.raw`^\s*CREATE TABLE (?:IF NOT EXISTS )?${NAME}`, 'i');
const CHANGES = new RegExp(
  String.raw`^\s*(?:ALTER TABLE (?:ONLY )?|CREATE (?:UNIQUE )?INDEX .*? ON )${NAME}`,
  'is',
);

/** What code of the release before does not survive, or must wait for as long as a table is long. */
const HARMS: [pattern: RegExp, harm: string][] = [
  [/\bDROP (?:TABLE|COLUMN|SCHEMA|VIEW|TYPE)\b|\bTRUNCATE\b/i, 'takes away what is still in use'],
  [/\bRENAME\b/i, 'renames what is still in use: add the new, remove the old a release later'],
  [/\bALTER (?:COLUMN )?"?\w+"? (?:SET DATA )?TYPE\b/i, 'changes a type, which rewrites the table'],
  [/\bSET NOT NULL\b/i, 'refuses rows that are written without the column'],
  [
    /\bADD (?:COLUMN )?(?!CONSTRAINT\b)"?\w+"? (?![^,]*\bDEFAULT\b)[^,]*\bNOT NULL\b/i,
    'refuses rows that are written without the column: give it a DEFAULT',
  ],
  [
    /\bCREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY\b)/i,
    'locks the table while it builds an index: CONCURRENTLY',
  ],
  [
    /\bADD CONSTRAINT\b(?=.*\b(?:FOREIGN KEY|CHECK)\b)(?!.*\bNOT VALID\b)/is,
    'locks the table while it checks every row: NOT VALID, then VALIDATE CONSTRAINT',
  ],
];

/**
 * What `up` does to code of the release before that runs meanwhile, a line each: a release must be able to run on the
 * schema of the next. A table that the migration makes itself is nobody's yet.
 */
export async function harmsOf(
  { contract = '' }: Step,
  up: (runner: Statements) => Promise<void>,
): Promise<string[]> {
  if (contract !== '') return [];
  const statements: string[] = [];
  await up({ query: (sql) => Promise.resolve(statements.push(sql) && []) });
  const own = new Set(statements.map((sql) => CREATES.exec(sql)?.groups?.['table']));
  return statements
    .filter((sql) => !own.has(CHANGES.exec(sql)?.groups?.['table'] ?? ''))
    .flatMap((sql) =>
      HARMS.filter(([pattern]) => pattern.test(sql)).map(([, harm]) => `${sql.trim()} -- ${harm}`),
    );
}
