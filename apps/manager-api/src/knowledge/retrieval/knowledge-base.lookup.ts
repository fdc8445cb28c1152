/** Knows which knowledge bases there are. */
export interface KnowledgeBaseLookup {
  /** @throws {ServiceError} `knowledge_base_not_found` */
  mustExist(knowledge_base_id: string): Promise<void>;
}

export const KNOWLEDGE_BASE_LOOKUP = Symbol('KnowledgeBaseLookup');
