import { GuardedHttpClient } from '@roost/guarded-http';

/** What every request of a tool goes through: one client a list of allowed hosts, so that connections are shared. */
export class Outbound {
  private readonly clients = new Map<string, GuardedHttpClient>();

  constructor(private readonly proxy: string | undefined) {}

  client(allowed_hosts: readonly string[]): GuardedHttpClient {
    const key = JSON.stringify(allowed_hosts);
    let client = this.clients.get(key);
    if (!client) {
      client = new GuardedHttpClient({ allowed_hosts, proxy: this.proxy });
      this.clients.set(key, client);
    }
    return client;
  }
}
