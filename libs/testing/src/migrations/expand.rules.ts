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

interface Harm {
  pattern: RegExp;
  harm: string;
  /** A contract step may do it. */
  contract?: true;
}

/** What code of the release before does not survive, or must wait for as long as a table is long. */
const HARMS: Harm[] = [
  {
    pattern: /\bDROP (?:TABLE|COLUMN|SCHEMA|VIEW|TYPE)\b|\bTRUNCATE\b/i,
    harm: 'takes away what is still in use',
    contract: true,
  },
  {
    pattern: /\bDROP (?:CONSTRAINT|INDEX(?! CONCURRENTLY IF EXISTS\b))\b/i,
    harm: 'takes away what an ON CONFLICT may name',
    contract: true,
  },
  {
    pattern: /\bRENAME\b/i,
    harm: 'renames what is still in use: add the new, remove the old a release later',
    contract: true,
  },
  {
    pattern: /\bALTER (?:COLUMN )?"?\w+"? (?:SET DATA )?TYPE\b/i,
    harm: 'changes a type, which rewrites the table',
  },
  {
    pattern: /\bSET NOT NULL\b|\bDROP DEFAULT\b/i,
    harm: 'refuses rows that are written without the column',
    contract: true,
  },
  {
    pattern: /\bADD (?:COLUMN )?(?!CONSTRAINT\b)"?\w+"? (?![^,]*\bDEFAULT\b)[^,]*\bNOT NULL\b/i,
    harm: 'refuses rows that are written without the column: give it a DEFAULT',
  },
  {
    pattern: /\bCREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY\b)/i,
    harm: 'locks the table while it builds an index: indexConcurrently',
  },
  {
    pattern: /\bADD (?:CONSTRAINT "?\w+"? )?(?:UNIQUE|PRIMARY KEY)\b(?!.*\bUSING INDEX\b)/is,
    harm: 'locks the table while it builds an index: indexConcurrently, then USING INDEX',
  },
  {
    pattern: /\bADD CONSTRAINT\b(?=.*\b(?:FOREIGN KEY|CHECK)\b)(?!.*\bNOT VALID\b)/is,
    harm: 'locks the table while it checks every row: NOT VALID, then VALIDATE CONSTRAINT',
  },
];

/**
 * What `up` does to code of the release before that runs meanwhile, a line each: a release must be able to run on the
 * schema of the next. A table that the migration makes itself is nobody's yet.
 */
export async function harmsOf(
  { contract = '' }: Step,
  up: (runner: Statements) => Promise<void>,
): Promise<string[]> {
  const statements: string[] = [];
  await up({ query: (sql) => Promise.resolve(statements.push(sql) && []) });
  const own = new Set(statements.map((sql) => CREATES.exec(sql)?.groups?.['table']));
  return statements
    .filter((sql) => !own.has(CHANGES.exec(sql)?.groups?.['table'] ?? ''))
    .flatMap((sql) =>
      HARMS.filter((harm) => harm.pattern.test(sql) && !(harm.contract && contract !== '')).map(
        ({ harm }) => `${sql.trim()} -- ${harm}`,
      ),
    );
}
