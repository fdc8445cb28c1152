import { expect, it } from 'vitest';
import { observations } from './observations';

const scrape = (messages: number): string =>
  [
    `roost_messages_accepted_total ${messages}`,
    `roost_http_requests_total{method="GET",route="/metrics"} ${messages}`,
    `roost_span_seconds_bucket{le="0.1",span="boot"} ${messages}`,
    `roost_span_seconds_bucket{le="+Inf",span="boot"} ${messages * 2}`,
    `roost_span_seconds_sum{span="boot"} ${messages * 3}`,
    `roost_span_seconds_count{span="boot"} ${messages * 2}`,
    `roost_messages_owed ${messages}`,
    `roost_tokens_total{model="a"} ${messages * 900}`,
    'roost_idle_total 7',
  ].join('\n');

it('what messages added to counters and histograms is told by series, without gauges and what goes on beside', () => {
  expect(observations(scrape(10), scrape(20), 10)).toEqual([
    { name: 'roost_messages_accepted_total', labels: {}, buckets: null, times_a_message: 1, mean: 1 },
    { name: 'roost_span_seconds', labels: { span: 'boot' }, buckets: [0.1], times_a_message: 2, mean: 1.5 },
    { name: 'roost_tokens_total', labels: { model: 'a' }, buckets: null, times_a_message: 1, mean: 900 },
  ]);
});
