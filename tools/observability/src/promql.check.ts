import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** What Grafana fills in, as PromQL can be parsed. */
const filled = (expression: string): string => expression.replaceAll('$__rate_interval', '1m');

/** What is wrong with an expression: its syntax, series that nobody has, labels that those in it do not have. */
export function promqlFaults(expression: string, known: Map<string, Set<string>>): string[] {
  const text = filled(expression);
  const faults: string[] = [];
  const labels = new Set<string>();
  const textOf = ({ from, to }: SyntaxNode): string => text.slice(from, to);
  parser.parse(text).iterate({
    enter: ({ node, type }) => {
      if (type.isError) faults.push(`syntax: ${text.slice(Math.max(0, node.from - 20), node.to + 20)}`);
      if (type.name !== 'VectorSelector') return;
      const name = node.getChild('Identifier');
      const series = name && textOf(name);
      const has = series === null ? undefined : known.get(series);
      if (!has) {
        faults.push(`there is no ${series ?? textOf(node)}`);
        return;
      }
      for (const label of has) labels.add(label);
      for (const label of labelsOf(node.getChild('LabelMatchers')))
        if (!has.has(textOf(label))) faults.push(`${String(series)} has no label ${textOf(label)}`);
    },
  });
  parser.parse(text).iterate({
    enter: ({ node, type }) => {
      if (type.name !== 'GroupingLabels') return;
      for (const label of labelsOf(node))
        if (!labels.has(textOf(label))) faults.push(`nothing has the label ${textOf(label)}`);
    },
  });
  return faults;
}

/** Every name of a label below a node. */
function labelsOf(node: SyntaxNode | null): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  node?.cursor().iterate((at) => {
    if (at.name === 'LabelName') found.push(at.node);
  });
  return found;
}
