# The tags name a version. Builds that must never change name its digest too, which your registry tells you.
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY src ./src
COPY routes ./routes
COPY schemas ./schemas
RUN npm run build

FROM node:24.11.1-bookworm-slim
ENV NODE_ENV=production
# In a container, loopback would reach nobody. Without callers' tokens the service refuses to start like this.
ENV GITSYNC_HOST=0.0.0.0
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev
COPY openapi/openapi.json openapi/examples.json ./openapi/
COPY --from=build /app/dist ./dist
# The user "node" of the base.
USER 1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GITSYNC_PORT || 8080}/healthz`).then((response) => process.exit(response.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
