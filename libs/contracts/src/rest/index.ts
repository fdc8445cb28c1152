export * from './agent.dto';
export * from './agent-tool.dto';
export * from './agent-configuration.dto';
export * from './api-key.dto';
export * from './field.decorators';
export * from './message.dto';
export * from './page.dto';
export * from './problem.dto';
