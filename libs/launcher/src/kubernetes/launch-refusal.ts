import { LaunchRefusedError, LauncherUnavailableError, NoRoomError } from '../launcher';
import { ClusterAnswerError } from './cluster.client';
import type { ResolvedKubernetesOptions } from './kubernetes.options';
import type { Beginning } from './pod-beginning';

/** What a failed creation of a pod means for its launch. */
export function launchError(error: unknown, namespace: string): unknown {
  if (!(error instanceof ClusterAnswerError)) return error;
  const { status, answer } = error;
  switch (status) {
    case 403:
      // Room comes back when others end; what else is forbidden stays so.
      if (/exceeded quota/i.test(answer)) {
        return new NoRoomError(`the quota of the namespace ${namespace} is used up: ${answer}`, {
          cause: error,
        });
      }
      return refused(`the cluster forbids this instance: ${answer}`, error);
    case 404:
      return refused(
        `the namespace ${namespace} is missing; make it with: kubectl create namespace ${namespace}`,
        error,
      );
    case 400:
    case 422:
      return refused(`the cluster refuses this instance: ${answer}`, error);
    default:
      return error;
  }
}

/** What keeps a created pod from beginning, as an error of its launch; undefined when nothing does. */
export function refusalIn(
  why: Beginning,
  { image, build_hint }: Pick<ResolvedKubernetesOptions, 'image' | 'build_hint'>,
): LaunchRefusedError | LauncherUnavailableError | undefined {
  switch (why.is) {
    case 'over':
    case 'under_way':
      return undefined;
    case 'no_room':
      return new NoRoomError(`no node of the cluster has room for this instance: ${why.message}`);
    case 'refused':
      return refused(`the cluster cannot start this instance: ${why.message}`);
    case 'image_unavailable': {
      const message = `nodes cannot get the runner's image ${image} (${why.message}); provide it with: ${build_hint}`;
      return why.for_good ? refused(message) : new LauncherUnavailableError(message);
    }
  }
}

const refused = (message: string, cause?: unknown): LaunchRefusedError =>
  new LaunchRefusedError(message, { cause });
