# Pin the base by digest when you build for yourself: `docker buildx imagetools inspect python:3.13-slim-bookworm` says it.
FROM python:3.13-slim-bookworm AS build
WORKDIR /release
COPY deploy/install/locks deploy/install/locks
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_DEPS=1
RUN python -m venv /opt/greetline \
 && python -m pip install --require-hashes -r deploy/install/locks/build.lock --target /tools
# What must be built is built by those tools, not by what pip would fetch unchecked.
RUN PYTHONPATH=/tools python -m pip wheel --no-build-isolation --require-hashes -w /packages -r deploy/install/locks/shop.lock \
 && /opt/greetline/bin/pip install --no-index /packages/*.whl
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY broker broker
COPY edge edge
COPY kiosk kiosk
COPY dashboard dashboard
COPY deploy deploy
RUN PYTHONPATH=/tools python -m pip wheel --no-build-isolation -w /wheel . \
 && /opt/greetline/bin/pip install --no-index /wheel/*.whl

FROM python:3.13-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends mosquitto=2.0.* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /shop --shell /usr/sbin/nologin greetline
COPY --from=build /opt/greetline /opt/greetline
ENV PATH=/opt/greetline/bin:$PATH PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 GLIBC_TUNABLES=glibc.malloc.tcache_count=0
USER 10001:10001
WORKDIR /shop
EXPOSE 8080 8090
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
CMD ["greetline", "up", "--settings", "/shop/greetline.toml"]
