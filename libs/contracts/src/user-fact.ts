/** Characters one fact may have. */
export const FACT_LENGTH_MAX = 500;
/** Facts an agent remembers of one user; the oldest gives way. */
export const FACTS_MAX = 100;

/** What an agent knows of a user beyond the thread. */
export interface UserFact {
  id: string;
  text: string;
}

/** `POST` {@link internalPaths.facts}`/list` -> 200 {@link UserFacts}: what the instance's agent knows of the user, oldest first. */
export interface ListFacts {
  user_id: string;
}

export interface UserFacts {
  facts: UserFact[];
}

/** `POST` {@link internalPaths.facts}`/remember` -> 200 {@link UserFact}. The same text again is the same fact. */
export interface RememberFact {
  user_id: string;
  text: string;
}

/** `POST` {@link internalPaths.facts}`/forget` -> 204; absent counts as forgotten. */
export interface ForgetFact {
  user_id: string;
  id: string;
}

/** `GET` {@link internalPaths.budget} -> 200: what the agent has spent since midnight (UTC), by the database's clock. */
export interface SpentToday {
  tokens: number;
  /** Seconds until the next day. */
  resets_in_s: number;
}
