export { type AgentInput, anAgent, aPublicAgent } from './agent.builder';
export { type ApiAnswer, ApiClient, ApiProblem, type ApiRequest } from './api.client';
export { FrameLog, type FrameOf } from './chat/frame.log';
export { type Closed, PlainChat, type PlainChatOptions } from './chat/plain.chat';
export { type Acknowledgement, SocketIoChat, type SocketIoChatOptions } from './chat/socket-io.chat';
export { type SseEvent, SseReader, type SseRequest } from './chat/sse.reader';
export type { Container } from './docker/container';
export {
  capture,
  type DockerClient,
  type DockerTools,
  findDocker,
  findDockerTools,
  run,
} from './docker/docker.cli';
export { baseImages, buildImage } from './docker/docker.images';
export * from './documents/document.fixtures';
export { HostNetwork } from './docker/host.network';
export { type DockerInstallation, startDockerInstallation } from './manager/docker.installation';
export { DockerRunners } from './manager/docker.runners';
export { Installation, type InstallationOptions, startInstallation } from './manager/installation';
export {
  prepareStandaloneInstallation,
  type StandaloneInstallation,
} from './manager/standalone.installation';
export * from './kubernetes';
export { harmsOf, type Step } from './migrations/expand.rules';
export { GatewayProcess } from './manager/gateway.process';
export { ManagerProcess } from './manager/manager.process';
export { redisCli } from './manager/redis.cli';
export { environmentOf, type RunnerProcess, RunnerProcesses, signalGroup } from './manager/runner.processes';
export * from './faults';
export { until } from './until';
export { bundle, Release, thisRelease, workspaceRoot } from './workspace';
export * from './qdrant';
export { documentSection } from './document.section';
export { type DeclaredMetric, metricsSection } from './metrics.section';
export * from './readme.section';
export * from './telegram';
export { type McpOffer, type McpRequestSeen, RemoteMcpServer } from './tools/remote-mcp.server';
export { LangSmithReceiver } from './tracing/langsmith.receiver';
export { OtlpReceiver, type ReceivedSpan } from './tracing/otlp.receiver';
