# The host, with the policies that are shipped. compose.yaml runs two of them.
#   docker build --tag sandgate .
FROM rust:1.95-bookworm AS build
RUN rustup target add wasm32-unknown-unknown
WORKDIR /sandgate
COPY . .
# what cargo fetches and builds is kept between builds of the image, what the image
# needs is copied out
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/sandgate/target \
    cargo build --locked --release --workspace --bins \
    && mkdir -p /out/bin /out/policies \
    && for policy in policies/*; do \
        target/release/sandgate build "$policy" --to "/out/policies/$(basename "$policy" | tr - _).wasm" || exit 1; \
    done \
    && cp target/release/sandgate /out/bin/

FROM debian:bookworm-slim
# librdkafka links against OpenSSL; the certificates are for brokers and databases with TLS
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin sandgate \
    && install --directory --owner sandgate --group sandgate /var/lib/sandgate
COPY --from=build /out/bin/sandgate /usr/local/bin/
# where the configuration of the examples looks for them
COPY --from=build /out/policies /sandgate/target/policies
WORKDIR /sandgate
USER sandgate
VOLUME /var/lib/sandgate
EXPOSE 9464
# bash alone can ask; /healthz answers 200 as long as the host is not stuck
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9464 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["sandgate"]
CMD ["run", "--config", "examples/fleet/sandgate.toml"]
