import { type KubernetesObject, templateOf } from './kubernetes.object';

type Change = (objects: KubernetesObject[]) => KubernetesObject[];

/** A way in which chart and overlay differ on purpose: what takes it away on either side. */
export interface AcceptedDifference {
  what: string;
  of_overlay?: Change;
  of_chart?: Change;
}

/** Each object through a function that changes a copy of it. */
const each =
  (change: (object: KubernetesObject) => void): Change =>
  (objects) =>
    objects.map((object) => {
      const copy = structuredClone(object);
      change(copy);
      return copy;
    });

const withoutAnnotations = (pattern: RegExp): Change =>
  each(({ metadata }) => {
    const kept = Object.entries(metadata.annotations ?? {}).filter(([name]) => !pattern.test(name));
    if (kept.length > 0) metadata.annotations = Object.fromEntries(kept);
    else delete metadata.annotations;
  });

const HELM_LABELS = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/version',
  'helm.sh/chart',
];

export const acceptedDifferences: AcceptedDifference[] = [
  {
    what: "the release's namespace is made before, with the Secrets: Helm keeps its records there",
    of_overlay: (objects) =>
      objects.filter(({ kind, metadata }) => kind !== 'Namespace' || metadata.name !== 'roost'),
  },
  {
    what: 'objects carry the labels by which Helm and its tools know them; selectors and pods do not',
    of_chart: each(({ metadata }) => {
      const kept = Object.entries(metadata.labels ?? {}).filter(([name]) => !HELM_LABELS.includes(name));
      if (kept.length > 0) metadata.labels = Object.fromEntries(kept);
      else delete metadata.labels;
    }),
  },
  {
    what: 'migrations are hooks, where the overlay has you delete the Jobs before an upgrade',
    of_chart: withoutAnnotations(/^helm\.sh\/hook/),
  },
  {
    what: "the policy of migrations names DNS, too: as a hook it comes before the policy 'dns'",
    of_chart: each(({ kind, metadata, spec }) => {
      if (kind === 'NetworkPolicy' && metadata.name === 'migrations-state' && spec)
        spec['egress'] = (spec['egress'] as { ports: { port: number }[] }[]).filter(
          ({ ports }) => ports[0]?.port !== 53,
        );
    }),
  },
  {
    what: 'what would take data or running agents along stays when the release goes',
    of_chart: withoutAnnotations(/^helm\.sh\/resource-policy$/),
  },
  {
    what: 'pods start anew by a checksum, where the overlay names ConfigMaps by their content',
    of_overlay: (objects) =>
      JSON.parse(
        JSON.stringify(objects).replaceAll(
          /"(agent-manager|telegram-gateway|egress-proxy)-[a-z0-9]{10}"/g,
          '"$1"',
        ),
      ) as KubernetesObject[],
    of_chart: each((object) => {
      const metadata = templateOf(object)?.metadata;
      delete metadata?.annotations?.['checksum/config'];
      if (metadata && Object.keys(metadata.annotations ?? {}).length === 0) delete metadata.annotations;
    }),
  },
  {
    what: 'images have a tag, which is what none means',
    of_overlay: each((object) => {
      for (const container of templateOf(object)?.spec.containers ?? []) container.image += ':latest';
    }),
  },
];
