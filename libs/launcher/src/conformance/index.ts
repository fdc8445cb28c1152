export { specOf } from './instance-spec';
export { describeLauncher } from './launcher.suite';
export { launched, until, untilLogged } from './instances';
export type { LauncherHarness } from './launcher.harness';
export { pretendProgram, programEnv, type Program } from './instance-program';
