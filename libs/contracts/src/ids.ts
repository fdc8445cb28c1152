import { customAlphabet } from 'nanoid';

const lowercase = 'abcdefghijklmnopqrstuvwxyz0123456789';
const alphanumeric = `${lowercase}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

/** 22 characters of 62 carry 130 random bits: thread and message ids cannot be guessed. */
const unguessable = customAlphabet(alphanumeric, 22);
/** 20 characters of 36 carry 103 random bits and survive as a DNS label. */
const label = customAlphabet(lowercase, 20);
const suffix = customAlphabet(lowercase, 4);

/** The longest slug inside an agent id. */
export const AGENT_SLUG_MAX = 40;

/** `agent_<slug>_<4 of [a-z0-9]>`; see {@link agentSlug} in the manager for how a name becomes a slug. */
export const AGENT_ID_PATTERN = /^agent_[a-z0-9]+(?:_[a-z0-9]+)*_[a-z0-9]{4}$/;
export const THREAD_ID_PATTERN = /^thr_[A-Za-z0-9]{22}$/;
export const MESSAGE_ID_PATTERN = /^msg_[A-Za-z0-9]{22}$/;

export const newAgentId = (slug: string): string => `agent_${slug}_${suffix()}`;
export const newThreadId = (): string => `thr_${unguessable()}`;
export const newMessageId = (): string => `msg_${unguessable()}`;
export const newRunId = (): string => `run_${unguessable()}`;
export const newKnowledgeBaseId = (): string => `kb_${unguessable()}`;
export const newDocumentId = (): string => `doc_${unguessable()}`;
export const newFactId = (): string => `fact_${unguessable()}`;
export const newApiKeyId = (): string => `key_${unguessable()}`;
/** Lower case, so that it can name a container, a pod and a Redis user as it is. */
export const newInstanceId = (): string => `inst-${label()}`;
export const newRequestId = (): string => `req_${unguessable()}`;
/** One process that asks other services, for as long as it lives. */
export const newClientId = (): string => `client-${label()}`;
