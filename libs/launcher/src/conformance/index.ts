export { specOf } from './instance-spec';
export { describeLauncher, launched, until, untilLogged } from './launcher.suite';
export type { LauncherHarness } from './launcher.harness';
export { pretendProgram, programEnv, type Program } from './instance-program';
