# leadscore as an image: `docker build -t leadscore .`, then see compose.yaml.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /app
COPY requirements-image.lock ./
RUN /app/bin/pip install --no-cache-dir --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY scoring scoring
COPY connectors connectors
COPY webhooks webhooks
COPY config config
COPY leadscore leadscore
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 leadscore && install -d -o leadscore -g leadscore /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1
USER leadscore
# Models (models/*.yaml), .env and, with SQLite, the store lie here.
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
# One process does everything, as SQLite wants it. With PostgreSQL compose.yaml runs gunicorn, workers and schedulers.
ENV LEADSCORE_LISTEN=0.0.0.0:8000
CMD ["leadscore", "serve"]
