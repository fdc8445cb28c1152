import { startModelStub } from '@roost/devstack';
import { paceMark, paces, REPLY } from '../workload';
import { serve } from './serve';

/** The model both sides call. */
const stub = await startModelStub({ persona: 'scripted' });
for (const pace of paces) stub.reply(REPLY, { to: paceMark(pace), pace: { tokenDelayMs: pace } });
// Its journal is not read, and would be searched for every answer.
serve({
  url: () => stub.baseUrl,
  forget: () => {
    stub.aimock.clearRequests();
  },
});
