# syntax=docker/dockerfile:1
# The image runs `sequitur serve` as uid 10001 on a read-only root filesystem; only /data is written.

# nats-server is one static program; the official image of that version is where it comes from.
FROM nats:2.12.1-alpine AS nats

FROM node:24.21.0-trixie-slim AS build
# sqlite3 is compiled where there is no ready-made binary for the platform.
RUN apt-get update \
  && apt-get install -y --no-install-recommends g++ make python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Scripts of packages are not run, but sqlite3's; the image has its own Node and nats-server.
RUN npm ci --ignore-scripts && npm rebuild sqlite3
COPY tsconfig.json tsconfig.build.json ./
COPY schemas ./schemas
COPY src ./src
RUN npm run build \
  && npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/node node_modules/node-bin-* node_modules/.bin/node

FROM node:24.21.0-trixie-slim
ENV NODE_ENV=production \
  SEQUITUR_DATA_DIR=/data \
  SEQUITUR_HTTP_HOST=0.0.0.0 \
  SEQUITUR_HTTP_PORT=8080
RUN groupadd --gid 10001 sequitur \
  && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin sequitur \
  && mkdir /data \
  && chown 10001:10001 /data \
  && rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn*
COPY --from=nats /usr/local/bin/nats-server /usr/local/bin/nats-server
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY schemas ./schemas
COPY rules ./rules
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SEQUITUR_HTTP_PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=64", "/app/dist/cli/main.js"]
CMD ["serve"]
