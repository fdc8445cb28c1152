/** Apart, so that it is loaded where a proxy is the way out and nowhere else. */
export { proxiedFetch } from '@roost/guarded-http';
