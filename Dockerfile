# The control plane: API with web app, gateway, and the worker. One image, three commands (see docker-compose.yml).
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package needs its install script.
RUN npm ci --ignore-scripts --include=dev --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20-bookworm-slim
# git: components may be fetched from repositories. The account has no rights beyond its data folder.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin maestro \
  && install -d -o maestro -g maestro -m 0700 /data
WORKDIR /app
ENV NODE_ENV=production MAESTRO_DATA=/data MAESTRO_HOST=0.0.0.0 MAESTRO_PORT=8080
COPY --from=build /app/package.json /app/package-lock.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/web ./web
USER maestro
VOLUME /data
EXPOSE 8080 8443
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/api.mjs"]
