import type { Provider, Type } from '@nestjs/common';
import { KnowledgeBasesController } from './bases/knowledge-bases.controller';
import { KnowledgeBasesRepository } from './bases/knowledge-bases.repository';
import { KnowledgeBasesService } from './bases/knowledge-bases.service';
import { KnowledgeDocumentsController } from './documents/knowledge-documents.controller';
import { KnowledgeDocumentsRepository } from './documents/knowledge-documents.repository';
import { KnowledgeDocumentsService } from './documents/knowledge-documents.service';
import { UploadReceiver } from './documents/upload.receiver';
import { DiskDocumentFiles } from './files/disk.document.files';
import { DOCUMENT_FILES } from './files/document.files';
import { ClaimsRepository } from './ingestion/claims.repository';
import { IngestionQueue } from './ingestion/ingestion.queue';
import { Ingestion } from './ingestion/ingestion.service';
import { IngestionWorker } from './ingestion/ingestion.worker';
import { KnowledgeRemoval } from './ingestion/knowledge.removal';
import { KnowledgeUpkeep } from './ingestion/knowledge.upkeep';
import { SourceFetcher } from './ingestion/source.fetcher';
import { DocumentParser } from './parsing/document.parser';

export const knowledgeControllers: Type[] = [KnowledgeBasesController, KnowledgeDocumentsController];

export const knowledgeProviders: Provider[] = [
  ClaimsRepository,
  DocumentParser,
  Ingestion,
  IngestionQueue,
  IngestionWorker,
  KnowledgeBasesRepository,
  KnowledgeBasesService,
  KnowledgeDocumentsRepository,
  KnowledgeDocumentsService,
  KnowledgeRemoval,
  KnowledgeUpkeep,
  SourceFetcher,
  UploadReceiver,
  { provide: DOCUMENT_FILES, useClass: DiskDocumentFiles },
];
