// A manager process for a test to kill: launches two instances and prints their ids.
import { specOf } from '../conformance/instance-spec';
import { ProcessLauncher } from './process.launcher';

const [entry = '', state_dir = ''] = process.argv.slice(2);
const launcher = new ProcessLauncher({ production: false, entry, build_hint: '', state_dir });
const specs = [specOf({ does: 'serve' }), specOf({ does: 'serve' })];
for (const spec of specs) {
  await launcher.launch(spec);
  while (!(await launcher.logs(spec.instance_id, 1)).includes('ready')) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
console.log(JSON.stringify(specs.map(({ instance_id }) => instance_id)));
