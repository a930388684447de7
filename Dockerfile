# The controller. FreeSWITCH has its own: freeswitch/Dockerfile.
ARG NODE_IMAGE=node:20-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/copy-assets.mjs scripts/build-console.mjs scripts/build-phones.mjs scripts/healthcheck.mjs scripts/
COPY src src
COPY phones phones
COPY sandbox sandbox
COPY console console
# A clone made under a strict umask would otherwise carry its modes into the image.
RUN npm run build && npm prune --omit=dev --ignore-scripts && chmod -R a+rX package.json scripts dist \
 && chmod a+x dist/src/cli/main.js

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# Docker gives a new volume the owner that its mount point has in the image. The FreeSWITCH image
# has the same user id on it: each side deletes what the other wrote.
RUN mkdir -p /var/lib/maskline/recordings /var/lib/maskline/prompts /var/lib/maskline/cdr \
 && chown -R 1000:1000 /var/lib/maskline && chmod -R u=rwx,g=rx,o= /var/lib/maskline && chmod 700 /var/lib/maskline/cdr
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/scripts/healthcheck.mjs scripts/
# docker compose exec controller maskline …
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/maskline
USER 1000:1000
EXPOSE 8080 8084 8085
# The heap may grow to 256 MB before all of it is gone through: by default that is every few seconds under load, and
# callers wait meanwhile.
CMD ["node", "--initial-old-space-size=256", "--enable-source-maps", "dist/src/server.js"]
