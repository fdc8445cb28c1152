# Roost's images. Targets: manager, migrate, runner, gateway, gateway-migrate, engine-proxy, egress-proxy.
# Needs BuildKit: the default of Docker 23 and of Compose 2; with Docker 20.10 set DOCKER_BUILDKIT=1.
# Behind a TLS-inspecting proxy give npm its certificate as a secret, which no image keeps:
#   docker build --secret id=npm_ca,src=/path/to/ca.pem --target build .
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/var/cache/npm --mount=type=secret,id=npm_ca \
    if [ -s /run/secrets/npm_ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/npm_ca; fi; \
    npm ci --cache /var/cache/npm
COPY tsconfig.base.json ./
COPY tools/build tools/build
COPY libs libs
COPY apps apps
# The bundles are ES modules named .js, which Node believes only beside a package.json that says so.
RUN for app in manager-api agent-runner telegram-gateway engine-proxy; do \
      node tools/build/bundle.mjs "apps/$app" || exit 1; \
    done \
 && find dist -name '*.map' -delete \
 && echo '{"type":"module"}' > dist/package.json

FROM ${NODE_IMAGE} AS runtime
# Nothing here installs packages; an intruder should not be able to either.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx \
           /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
WORKDIR /app
ENV NODE_ENV=production
LABEL org.opencontainers.image.vendor="Roost" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /src/dist/package.json dist/package.json
STOPSIGNAL SIGTERM
# The base image's entrypoint script is a shell in front of every start.
ENTRYPOINT []

FROM runtime AS manager
LABEL org.opencontainers.image.title="Roost manager"
COPY --from=build /src/dist/apps/manager-api dist/apps/manager-api
# A volume that is new takes its owner from here.
RUN install -d -m 0700 -o 1000 -g 1000 /var/lib/roost/knowledge
USER 1000:1000
EXPOSE 8000 8001
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.MANAGER_PORT || 8000}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1))"]
CMD ["node", "dist/apps/manager-api/main.js"]

FROM manager AS migrate
LABEL org.opencontainers.image.title="Roost migrations"
HEALTHCHECK NONE
CMD ["node", "dist/apps/manager-api/migrate.js"]

FROM runtime AS gateway
LABEL org.opencontainers.image.title="Roost Telegram gateway"
COPY --from=build /src/dist/apps/telegram-gateway dist/apps/telegram-gateway
USER 1000:1000
EXPOSE 8002
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GATEWAY_PORT || 8002}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1))"]
CMD ["node", "dist/apps/telegram-gateway/main.js"]

FROM gateway AS gateway-migrate
LABEL org.opencontainers.image.title="Roost Telegram gateway migrations"
HEALTHCHECK NONE
CMD ["node", "dist/apps/telegram-gateway/migrate.js"]

FROM runtime AS engine-proxy
LABEL org.opencontainers.image.title="Roost engine proxy"
COPY --from=build /src/dist/apps/engine-proxy dist/apps/engine-proxy
# Whoever runs it gives it the engine's socket, which belongs to root: docker-compose.yml runs it as root without capabilities.
USER 1000:1000
EXPOSE 2375
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=5 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PROXY_PORT || 2375}/_ping`).then((answer) => process.exit(answer.ok ? 0 : 1))"]
CMD ["node", "dist/apps/engine-proxy/main.js"]

FROM runtime AS runner
LABEL org.opencontainers.image.title="Roost agent runner"
COPY --from=build /src/dist/apps/agent-runner dist/apps/agent-runner
RUN install -d -o 1000 -g 1000 .compile-cache
USER 1000:1000
# Node keys the compile cache by uid: it hits only for the uid that wrote it, here and at run time.
ENV NODE_COMPILE_CACHE=/app/.compile-cache
# With a proxy, which nobody asks: what it takes to use one is cached, too.
RUN HTTPS_PROXY=http://127.0.0.1:1 timeout 120 node dist/apps/agent-runner/main.js --warm && test -n "$(find .compile-cache -type f | head -n 1)"
CMD ["node", "dist/apps/agent-runner/main.js"]

# The runners' way out: Debian's Squid, on the Debian that Node's image stands on.
FROM ${NODE_IMAGE} AS egress-proxy
LABEL org.opencontainers.image.vendor="Roost" \
      org.opencontainers.image.title="Roost egress proxy"
RUN apt-get update \
 && apt-get install -y --no-install-recommends squid \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx \
           /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
COPY tools/images/egress-proxy/squid.conf tools/images/egress-proxy/allowed-hosts.mjs /etc/roost/
# Debian's user "proxy".
USER 13:13
EXPOSE 3128
STOPSIGNAL SIGTERM
ENTRYPOINT []
# Squid answers for itself: what it refuses needs nothing outside.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3128 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q X-Squid-Error <&3"]
CMD ["sh", "-c", "node /etc/roost/allowed-hosts.mjs > /tmp/allowed-hosts.conf && exec squid -N -f /etc/roost/squid.conf"]
