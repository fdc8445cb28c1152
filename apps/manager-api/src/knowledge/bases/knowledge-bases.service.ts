import { Injectable } from '@nestjs/common';
import type {
  CreateKnowledgeBaseDto,
  KnowledgeBaseDto,
  KnowledgeBasePageDto,
  PageQueryDto,
} from '@roost/contracts/rest';
import { byCreation, pageRequest, toPage } from '../../database/page';
import { KnowledgeRemoval } from '../ingestion/knowledge.removal';
import {
  knowledgeBaseNotFound,
  KnowledgeBasesRepository,
  type KnowledgeBaseView,
} from './knowledge-bases.repository';

@Injectable()
export class KnowledgeBasesService {
  constructor(
    private readonly bases: KnowledgeBasesRepository,
    private readonly removal: KnowledgeRemoval,
  ) {}

  async create({ name, description }: CreateKnowledgeBaseDto): Promise<KnowledgeBaseDto> {
    return toDto(await this.bases.create({ name, description }));
  }

  /** @throws {ServiceError} `knowledge_base_not_found` */
  async get(id: string): Promise<KnowledgeBaseDto> {
    const view = await this.bases.find(id);
    if (!view) throw knowledgeBaseNotFound();
    return toDto(view);
  }

  async list(query: PageQueryDto): Promise<KnowledgeBasePageDto> {
    const request = pageRequest(query);
    return toPage(await this.bases.page(request), request, ({ base }) => byCreation(base), toDto);
  }

  async delete(id: string): Promise<void> {
    await this.bases.markDeleted(id);
    await this.removal.removeSoon({ knowledge_base_id: id });
  }
}

const toDto = ({ base, documents }: KnowledgeBaseView): KnowledgeBaseDto => ({
  id: base.id,
  name: base.name,
  description: base.description,
  documents,
  created_at: base.created_at.toISOString(),
});
