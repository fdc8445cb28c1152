import { Injectable, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { ROUTE_ACCESS, type RouteAccess } from '../access/route.decorators';
import { type Listener, listenersOf } from './listeners';

export interface KnownRoute {
  method: string;
  is_public: boolean;
}

interface RouteEntry extends KnownRoute {
  path: RegExp;
  listeners: Listener[];
}

/** Which methods an address knows: read once, from what the controllers say. */
@Injectable()
export class RouteTable {
  private entries: RouteEntry[] | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** The routes at this address, whatever their method. */
  at(path: string, listener: Listener): KnownRoute[] {
    this.entries ??= this.read();
    return this.entries.filter((entry) => entry.listeners.includes(listener) && entry.path.test(path));
  }

  private read(): RouteEntry[] {
    return this.discovery.getControllers().flatMap(({ metatype, instance }) => {
      const controller = metatype as Type;
      const prototype = Object.getPrototypeOf(instance) as Record<string, () => unknown>;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name];
        const method = handler && this.reflector.get<RequestMethod | undefined>(METHOD_METADATA, handler);
        if (!handler || method === undefined) return [];
        const places = [controller, handler].map((part) => this.reflector.get<string>(PATH_METADATA, part));
        const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
          handler,
          controller,
        ]);
        return [
          {
            method: RequestMethod[method],
            is_public: access?.kind === 'public',
            path: pattern(places.join('/')),
            listeners: listenersOf(this.reflector, handler, controller),
          },
        ];
      });
    });
  }
}

/** `agents/:agent_id` and the like; a trailing slash is the same address, as in Express. */
const pattern = (template: string): RegExp =>
  new RegExp(
    `^/${template
      .split('/')
      .filter((part) => part !== '')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
      .join('/')}/?$`,
    'i',
  );
