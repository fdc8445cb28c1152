import { describe, expect, it } from 'vitest';
import { engineAddress } from './engine-address';

describe('the address of the engine', () => {
  it.each([
    ['unix:///var/run/docker.sock', { socketPath: '/var/run/docker.sock' }],
    ['unix:///home/a%20b/docker.sock', { socketPath: '/home/a b/docker.sock' }],
    ['tcp://socket-proxy:2375', { host: 'socket-proxy', port: 2375 }],
    ['tcp://127.0.0.1', { host: '127.0.0.1', port: 2375 }],
  ])('%s', (docker_host, address) => expect(engineAddress(docker_host)).toEqual(address));

  it.each([
    '',
    'unix://',
    '/var/run/docker.sock',
    'ssh://host',
    'https://host:2376',
    'tcp://',
    'tcp://a:1/x',
  ])('is refused when it is "%s", naming the setting and its forms', (docker_host) =>
    expect(() => engineAddress(docker_host)).toThrow(/DOCKER_HOST .* unix:\/\/.* tcp:\/\/host:port/),
  );
});
